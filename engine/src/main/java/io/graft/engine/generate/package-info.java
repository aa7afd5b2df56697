/** Text out of models: sampling, stopping, batches of prompts. */
package io.graft.engine.generate;
