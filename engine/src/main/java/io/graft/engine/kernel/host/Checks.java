package io.graft.engine.kernel.host;

import io.graft.engine.memory.DType;
import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.Sequences;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;

/** Refuses operands that do not fit, naming the operation, the operands and their shapes. */
final class Checks {

    private Checks() {}

    static int rows(String operation, Tensor tensor) { return size(operation, tensor, tensor.shape().rows()); }

    static int columns(String operation, Tensor tensor) { return size(operation, tensor, tensor.shape().columns()); }

    private static int size(String operation, Tensor tensor, long size) {
        if (size > Integer.MAX_VALUE - 64) throw new IllegalArgumentException(operation + ": " + tensor + " has a size beyond 31 bits");
        return (int) size;
    }

    /** An activation. */
    static void single(String operation, Tensor tensor) {
        if (tensor.dtype() != DType.F32) throw new IllegalArgumentException(operation + ": expected F32, found " + tensor);
    }

    /** An output. */
    static void writable(String operation, Tensor tensor) {
        single(operation, tensor);
        if (tensor.isMapped()) throw new IllegalArgumentException(operation + ": " + tensor + " is mapped from a file and cannot be written");
    }

    /** A weight. */
    static void computable(String operation, Tensor tensor) {
        if (!tensor.dtype().isComputable()) throw new IllegalArgumentException(operation + ": expected F32, BF16 or F16, found " + tensor);
    }

    static void sameShape(String operation, Tensor one, Tensor other) {
        if (!one.shape().equals(other.shape())) throw unfit(operation, one, other, "the same shape");
    }

    static void matrix(String operation, Tensor tensor, Tensor beside, long rows, long columns) {
        if (tensor.shape().rows() != rows || tensor.shape().columns() != columns)
            throw unfit(operation, tensor, beside, Shape.of(rows, columns).toString());
    }

    static void apart(String operation, Tensor output, Tensor input) {
        if (output.owner() != input.owner()) return;
        if (output.offset() < input.offset() + input.bytes() && input.offset() < output.offset() + output.bytes())
            throw new IllegalArgumentException(operation + ": " + output + " must not be " + input);
    }

    static void length(String operation, String what, int found, int needed) {
        if (found < needed) throw new IllegalArgumentException(operation + ": " + found + " " + what + "; expected " + needed);
    }

    static IllegalArgumentException unfit(String operation, Tensor tensor, Tensor beside, String expected) {
        return new IllegalArgumentException(operation + ": " + tensor + " does not fit " + beside + "; expected " + expected + ", found " + tensor.shape());
    }

    /** Places in a table. */
    static void indices(String operation, String what, int[] indices, int count, int limit, int lowest) {
        length(operation, what, indices.length, count);
        for (int i = 0; i < count; i++)
            if (indices[i] < lowest || indices[i] >= limit)
                throw new IllegalArgumentException(operation + ": " + what + "[" + i + "] is " + indices[i] + "; expected 0 to " + (limit - 1));
    }

    /** What attention reads, and its output. */
    static void attention(Tensor q, Tensor k, Tensor v, Sequences sequences, AttentionSpec spec, Tensor out) {
        single("attention", q);
        single("attention", k);
        single("attention", v);
        single("attention", out);
        int queryColumns = spec.heads() * spec.headDim(), keyColumns = spec.kvHeads() * spec.headDim();
        matrix("attention", q, k, q.shape().rows(), queryColumns);
        matrix("attention", k, q, k.shape().rows(), keyColumns);
        matrix("attention", v, k, k.shape().rows(), keyColumns);
        matrix("attention", out, q, q.shape().rows(), queryColumns);
        for (int s = 0; s < sequences.count(); s++)
            if ((long) sequences.firstQuery(s) + sequences.queries(s) > q.shape().rows() || (long) sequences.firstKey(s) + sequences.keys(s) > k.shape().rows())
                throw new IllegalArgumentException("attention: sequence " + s + " of " + sequences + " is outside of " + q + " or " + k);
    }
}
