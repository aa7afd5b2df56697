/** Fine-tuning as a run: its configuration, data, checkpoints, metrics and output. */
package io.graft.merge.train;
