package io.graft.engine.kernel.host;

import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.Sequences;
import io.graft.engine.kernel.Workers;

/** Attention, cut into tasks of a key head and a block of a sequence's queries. The region holds q, k, v and the output. */
final class AttentionWork {

    private final Region region;
    private final Workers.Body blocks = this::attendBlock;
    private Sequences sequences;
    private AttentionSpec spec;
    private int queryBlock, tasks;

    AttentionWork(Region region) { this.region = region; }

    void attend(Sequences sequences, AttentionSpec spec) {
        this.sequences = sequences;
        this.spec = spec;
        queryBlock = region.math.queryBlock(spec);
        tasks = 0;
        for (int s = 0; s < sequences.count(); s++) tasks += tasksOf(s);
        region.workers.run(tasks, blocks);
    }

    private int tasksOf(int sequence) { return spec.kvHeads() * ((sequences.queries(sequence) + queryBlock - 1) / queryBlock); }

    private void attendBlock(int number, int worker) {
        int task = tasks - 1 - number, s = 0; // the last queries see the most keys: they go first
        for (int here; task >= (here = tasksOf(s)); s++) task -= here;
        int head = task % spec.kvHeads(), from = task / spec.kvHeads() * queryBlock, count = Math.min(queryBlock, sequences.queries(s) - from);
        long queryRow = 4L * spec.heads() * spec.headDim(), keyRow = 4L * spec.kvHeads() * spec.headDim();
        long query = (sequences.firstQuery(s) + (long) from) * queryRow, key = sequences.firstKey(s) * keyRow;
        Operand q = region.a, k = region.b, v = region.c, o = region.d;
        region.math.attend(spec, head, q.segment, q.at + query, k.segment, k.at + key, v.segment, v.at + key, o.segment, o.at + query,
                sequences.keys(s) - sequences.queries(s) + from, count, region.own[worker]);
    }
}
