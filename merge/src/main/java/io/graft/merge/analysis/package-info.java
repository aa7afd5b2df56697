/** What models have in common and where they differ: measured in one streaming pass, reported as data. */
package io.graft.merge.analysis;
