package io.graft.merge.run;

import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.merge.method.Arithmetic;
import io.graft.merge.plan.TensorPlan;
import java.util.Collection;

/**
 * How a budget of native memory is shared out: to each thread room for one piece of every input and of the output, as they
 * are stored.
 *
 * @param threads    that fit, 1 or more
 * @param piece      elements of a piece, a multiple of {@link Arithmetic#BLOCK}
 * @param slots      inputs of the operation that has most
 * @param slotBytes  room for a piece of one input, or of the output
 */
record Scratch(int threads, int piece, int slots, long slotBytes) {

    /**
     * Elements of a piece where memory allows: the inputs' and the output's bytes of a piece of two bf16 models then fit a
     * second-level cache of 512 KiB, and a write is of 64 KiB (bf16) or 128 KiB (f32), the sizes that two threads write
     * fastest (measured on an AMD EPYC, Zen 3: up to six times as fast as 1 to 8 MiB).
     */
    static final int PIECE = 1 << 15;

    /**
     * Shares memory out.
     *
     * @param tensors what will be computed
     * @param threads as many as are wanted
     * @param memory  the budget in bytes
     * @return the shares
     * @throws RequestException if not even one thread has room for the smallest piece
     */
    static Scratch of(Collection<TensorPlan> tensors, int threads, long memory) {
        int slots = 1;
        long width = 1;
        for (TensorPlan each : tensors) {
            if (each.isCopied()) continue;
            slots = Math.max(slots, each.operation().inputs().size());
            width = Math.max(width, each.dtype().bits() / 8);
            for (var input : each.operation().inputs()) width = Math.max(width, input.stored().isPresent() && input.dtype().isComputable() ? input.dtype().bits() / 8 : DType.F32.bits() / 8);
        }
        int piece = PIECE, fitting = threads;
        while (bytes(piece, slots, width) * fitting > memory) {
            if (piece > Arithmetic.BLOCK) piece /= 2;
            else if (fitting > 1) fitting--;
            else throw new RequestException("--memory", "too little native memory for this recipe", "at least " + bytes(piece, slots, width) + " bytes", memory + " bytes");
        }
        return new Scratch(fitting, piece, slots, width * piece);
    }

    private static long bytes(int piece, int slots, long width) { return (slots + 1) * width * piece; }

    /** {@return what one thread gets, in bytes} */
    long threadBytes() { return (slots + 1) * slotBytes; }

    /** {@return all of it, in bytes} */
    long bytes() { return threads * threadBytes(); }
}
