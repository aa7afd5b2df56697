package io.graft.engine.kernel.host;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.Sequences;
import io.graft.engine.kernel.Workers;
import io.graft.engine.kernel.backward.AdamWStep;
import io.graft.engine.kernel.backward.BackwardKernels;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * The backward pass in host memory, on the workers of the forward pass: waking a second pool would take longer than most regions.
 * Parts of a sum over rows are columns, so that every element has one writer, and the order of its terms is that of rows.
 */
final class HostBackward implements BackwardKernels {

    /** Columns of a sum over rows that one task takes. */
    private static final int COLUMNS = 64;
    /** Elements whose squares are added in one go. */
    private static final int SQUARES = 2048;

    private final Region region;
    private final Arithmetic math;
    private final BackwardArithmetic back;
    private double[] sums = new double[0];

    HostBackward(Region region) {
        this.region = region;
        math = region.math;
        back = region.math.backward();
    }

    /** F32 tensors of the first one's shape; nulls are passed over. */
    private static void alike(String operation, Tensor first, Tensor... others) {
        Checks.single(operation, first);
        for (Tensor other : others) {
            if (other == null) continue;
            Checks.single(operation, other);
            Checks.sameShape(operation, other, first);
        }
    }

    private static void outputs(String operation, Tensor... tensors) {
        for (Tensor each : tensors)
            if (each != null) Checks.writable(operation, each);
    }

    @Override
    public void columnSums(Tensor dy, Tensor sums) {
        outputs("columnSums", sums);
        Checks.single("columnSums", dy);
        int n = Checks.columns("columnSums", dy);
        long rows = Checks.rows("columnSums", dy);
        if (sums.shape().elements() != n) throw Checks.unfit("columnSums", sums, dy, n + " elements");
        region.enter(dy, null, null, sums);
        try {
            Operand a = region.a, d = region.d;
            byColumns(n, (from, count) -> {
                long at = d.at + 4L * from;
                for (long row = 0; row < rows; row++) math.add(d.segment, at, a.segment, a.at + 4 * (row * n + from), 1, d.segment, at, count);
            });
        } finally {
            region.leave();
        }
    }

    @Override
    public void embed(int[] ids, float scale, Tensor dy, Tensor dTable) {
        outputs("embed", dTable);
        int n = Checks.columns("embed", dTable), rows = Checks.rows("embed", dy);
        Checks.single("embed", dy);
        Checks.matrix("embed", dy, dTable, rows, n);
        Checks.indices("embed", "ids", ids, rows, Checks.rows("embed", dTable), 0);
        region.enter(dy, null, null, dTable);
        try {
            Operand a = region.a, d = region.d;
            byColumns(n, (from, count) -> {
                for (int row = 0; row < rows; row++) {
                    long at = d.at + 4 * ((long) ids[row] * n + from);
                    math.add(d.segment, at, a.segment, a.at + 4 * ((long) row * n + from), scale, d.segment, at, count);
                }
            });
        } finally {
            region.leave();
        }
    }

    /** What a task does with some columns. */
    @FunctionalInterface
    private interface Columns {
        void run(int from, int count);
    }

    private void byColumns(int n, Columns body) {
        region.workers.run((n + COLUMNS - 1) / COLUMNS, (task, _) -> body.run(task * COLUMNS, Math.min(COLUMNS, n - task * COLUMNS)));
    }

    @Override
    public void norm(boolean centred, Tensor x, Tensor gain, float eps, float offset, Tensor dy, Tensor dx, Tensor dGain) {
        Checks.computable("norm", gain);
        alike("norm", x, dy, dx);
        outputs("norm", dx, dGain);
        int n = Math.toIntExact(gain.shape().elements()), rows = Math.toIntExact(x.shape().elements() / n);
        if (x.shape().columns() % n != 0) throw Checks.unfit("norm", gain, x, "a length that divides " + x.shape().columns());
        if (dGain != null && dGain.shape().elements() != n) throw Checks.unfit("norm", dGain, gain, n + " elements");
        region.enter(x, gain, dy, dx, dGain, null, null, null);
        try {
            Operand a = region.a, b = region.b, c = region.c, d = region.d, e = region.e;
            boolean wide = b.type != DType.F32;
            long room = region.gains.room(8L * rows + 4L * n), stats = room + 4L * n, g = wide ? room : b.at;
            MemorySegment ss = region.gains.segment(), gs = wide ? ss : b.segment;
            if (wide) math.widen(b.type, b.segment, b.at, 1, ss, room, n);
            int taskRows = Math.max(1, Region.TASK_ELEMENTS / n);
            boolean wanted = dx != null;
            region.workers.run((rows + taskRows - 1) / taskRows, (task, _) -> {
                for (int row = task * taskRows; row < Math.min(rows, (task + 1) * taskRows); row++) {
                    long at = 4L * row * n;
                    back.normGradient(centred, a.segment, a.at + at, gs, g, offset, eps, c.segment, c.at + at, wanted ? d.segment : a.segment, wanted ? d.at + at : a.at, wanted,
                            ss, stats + 8L * row, n);
                }
            });
            if (dGain != null) byColumns(n, (from, count) -> {
                for (int row = 0; row < rows; row++) {
                    long at = 4 * ((long) row * n + from);
                    back.gainGradient(a.segment, a.at + at, c.segment, c.at + at, math.get(ss, stats + 8L * row), math.get(ss, stats + 8L * row + 4), e.segment, e.at + 4L * from,
                            count);
                }
            });
        } catch (InternalError error) {
            throw region.explain(error);
        } finally {
            region.leave();
        }
    }

    @Override
    public void gate(Activation activation, Tensor gate, Tensor up, Tensor dy, Tensor dGate, Tensor dUp) {
        alike("gate", gate, up, dy, dGate, dUp);
        outputs("gate", dGate, dUp);
        region.enter(gate, up, dy, dGate, dUp, null, null, null);
        try {
            Operand a = region.a, b = region.b, c = region.c, d = region.d, e = region.e;
            byElements(gate.shape().elements(), (from, count) -> {
                long at = 4 * from;
                back.gateGradient(activation, a.segment, a.at + at, b.segment, b.at + at, c.segment, c.at + at, d.segment, d.at + at, e.segment, e.at + at, count);
            });
        } finally {
            region.leave();
        }
    }

    /** What a task does with some elements. */
    @FunctionalInterface
    private interface Elements {
        void run(long from, int count);
    }

    private void byElements(long elements, Elements body) {
        region.workers.run(tasks(elements), (task, _) -> {
            long from = (long) task * Region.TASK_ELEMENTS;
            body.run(from, (int) Math.min(Region.TASK_ELEMENTS, elements - from));
        });
    }

    private static int tasks(long elements) { return Math.toIntExact((elements + Region.TASK_ELEMENTS - 1) / Region.TASK_ELEMENTS); }

    @Override
    public void attention(Tensor q, Tensor k, Tensor v, Tensor out, Tensor dOut, Sequences sequences, AttentionSpec spec, Tensor dq, Tensor dk, Tensor dv) {
        Checks.attention(q, k, v, sequences, spec, out);
        alike("attention", q, dOut, dq);
        alike("attention", k, dk, dv);
        outputs("attention", dq, dk, dv);
        region.enter(q, k, v, out, dOut, dq, dk, dv);
        try {
            BackwardArithmetic.AttentionRows rows = new BackwardArithmetic.AttentionRows();
            rows.qs = region.a.segment;
            rows.q = region.a.at;
            rows.ks = region.b.segment;
            rows.k = region.b.at;
            rows.vs = region.c.segment;
            rows.v = region.c.at;
            rows.os = region.d.segment;
            rows.o = region.d.at;
            rows.dos = region.e.segment;
            rows.dO = region.e.at;
            rows.dqs = region.f.segment;
            rows.dq = region.f.at;
            rows.dks = region.g.segment;
            rows.dk = region.g.at;
            rows.dvs = region.h.segment;
            rows.dv = region.h.at;
            long queryRow = 4L * spec.heads() * spec.headDim(), keyRow = 4L * spec.kvHeads() * spec.headDim();
            region.workers.run(sequences.count() * spec.kvHeads(), (task, worker) -> {
                int sequence = task / spec.kvHeads();
                back.attention(spec, task % spec.kvHeads(), rows.at(sequences.firstQuery(sequence) * queryRow, sequences.firstKey(sequence) * keyRow),
                        sequences.queries(sequence), sequences.keys(sequence), region.own[worker]);
            });
        } finally {
            region.leave();
        }
    }

    @Override
    public void logits(Tensor part, int from, float logitScale, float softCap, int[] targets, Tensor sums, float weight) {
        outputs("logits", part);
        Checks.single("logits", sums);
        int rows = Checks.rows("logits", part), n = Checks.columns("logits", part);
        Checks.length("logits", "targets", targets.length, rows);
        Checks.matrix("logits", sums, part, rows, 3);
        region.enter(part, sums, null, null);
        try {
            Operand a = region.a, b = region.b;
            float factor = weight * logitScale;
            region.workers.run(rows, (row, _) -> {
                long at = a.at + 4L * row * n;
                int target = targets[row] - from;
                if (targets[row] < 0) {
                    back.clear(a.segment, at, n);
                    return;
                }
                float logSum = math.get(b.segment, b.at + 12L * row), logit = target >= 0 && target < n ? math.get(a.segment, at + 4L * target) : 0;
                back.logitGradient(a.segment, at, logitScale, softCap, logSum, factor, n);
                if (target < 0 || target >= n) return;
                float ratio = softCap == 0 ? 0 : Elementary.tanh(logitScale * logit / softCap), z = softCap == 0 ? logitScale * logit : softCap * ratio;
                back.set(a.segment, at + 4L * target, (Elementary.exp(z - logSum) - 1) * factor * (1 - ratio * ratio));
            });
        } finally {
            region.leave();
        }
    }

    @Override
    public void logSumExp(Tensor part, int from, float logitScale, float softCap, int[] targets, Tensor sums) {
        Checks.single("logSumExp", part);
        outputs("logSumExp", sums);
        int rows = Checks.rows("logSumExp", part), n = Checks.columns("logSumExp", part);
        Checks.length("logSumExp", "targets", targets.length, rows);
        Checks.matrix("logSumExp", sums, part, rows, 3);
        region.enter(part, null, null, sums);
        try {
            Operand a = region.a, d = region.d;
            region.workers.run(rows, (row, worker) -> {
                long z = region.own[worker].room(4L * n), state = d.at + 12L * row;
                MemorySegment zs = region.own[worker].segment();
                math.scale(a.segment, a.at + 4L * row * n, logitScale, softCap, zs, z, n);
                int target = targets[row] - from;
                if (target >= 0 && target < n) back.set(d.segment, state + 8, math.get(zs, z + 4L * target));
                float before = from == 0 ? Float.NEGATIVE_INFINITY : math.get(d.segment, state), now = Math.max(before, math.max(zs, z, n));
                float kept = from == 0 ? 0 : math.get(d.segment, state + 4) * Elementary.exp(before - now);
                back.set(d.segment, state, now);
                back.set(d.segment, state + 4, kept + math.expSum(zs, z, now, zs, z, n));
            });
        } finally {
            region.leave();
        }
    }

    @Override
    public void adamW(Tensor parameter, Tensor gradient, Tensor firstMoment, Tensor secondMoment, AdamWStep step) {
        alike("adamW", parameter, gradient, firstMoment, secondMoment);
        outputs("adamW", parameter, firstMoment, secondMoment);
        region.enter(parameter, gradient, firstMoment, secondMoment);
        try {
            Operand a = region.a, b = region.b, c = region.c, d = region.d;
            BackwardArithmetic.AdamWNumbers numbers = new BackwardArithmetic.AdamWNumbers((float) (1 - step.rate() * step.decay()), (float) (step.rate() / step.correction1()),
                    (float) Math.sqrt(step.correction2()), (float) step.beta1(), (float) (1 - step.beta1()), (float) step.beta2(), (float) (1 - step.beta2()),
                    (float) step.epsilon(), (float) step.factor());
            byElements(parameter.shape().elements(), (from, count) -> {
                long at = 4 * from;
                back.adamW(a.segment, a.at + at, b.segment, b.at + at, c.segment, c.at + at, d.segment, d.at + at, numbers, count);
            });
        } finally {
            region.leave();
        }
    }

    @Override
    public double sumOfSquares(Tensor x) {
        Checks.single("sumOfSquares", x);
        long elements = x.shape().elements();
        int tasks = tasks(elements);
        region.enter(x, null, null, null);
        try {
            if (sums.length < tasks) sums = new double[tasks];
            Arrays.fill(sums, 0, tasks, 0);
            Operand a = region.a;
            Workers.Body body = (task, _) -> {
                long from = (long) task * Region.TASK_ELEMENTS, to = Math.min(elements, from + Region.TASK_ELEMENTS);
                double sum = 0;
                for (long at = from; at < to; at += SQUARES) sum += back.squares(a.segment, a.at + 4 * at, (int) Math.min(SQUARES, to - at));
                sums[task] = sum;
            };
            region.workers.run(tasks, body);
            double all = 0;
            for (int task = 0; task < tasks; task++) all += sums[task];
            return all;
        } finally {
            region.leave();
        }
    }

    @Override
    public void clear(Tensor x) {
        outputs("clear", x);
        region.enter(null, null, null, x);
        try {
            Operand d = region.d;
            byElements(x.shape().elements(), (from, count) -> back.clear(d.segment, d.at + 4 * from, count));
        } finally {
            region.leave();
        }
    }

    @Override
    public void parallel(int parts, IntConsumer part) { region.workers.run(parts, (task, _) -> part.accept(task)); }
}
