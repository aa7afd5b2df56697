/** Fine-tuning: optimizers, schedules, what is trained and what is frozen. */
package io.graft.engine.train;
