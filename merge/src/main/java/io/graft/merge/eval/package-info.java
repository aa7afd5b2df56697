/** Evaluation by the rules of lm-evaluation-harness, and the statistics that go with its verdicts. */
package io.graft.merge.eval;
