/** Studies: experts, merges of them and their evaluation as one graph of steps, with a cache by content, statistics and a report. */
package io.graft.merge.experiment;
