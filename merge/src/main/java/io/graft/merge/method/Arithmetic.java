package io.graft.merge.method;

import io.graft.engine.memory.DType;
import io.graft.merge.plan.Operation;
import io.graft.merge.plan.Operation.Blend;
import io.graft.merge.plan.Operation.Copy;
import io.graft.merge.plan.Operation.Linear;
import io.graft.merge.plan.Operation.Scale;
import io.graft.merge.plan.Operation.Slerp;
import io.graft.merge.plan.Operation.Sparse;
import io.graft.merge.plan.Operation.Sum;
import io.graft.merge.plan.Operation.TaskArithmetic;
import io.graft.merge.plan.Operation.Term;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Every merge method on one block of elements, in F32, each product and sum rounded, in the order of {@link Operation}.
 *
 * <p>Element-wise: the same bits however a tensor is cut into blocks. What must be known of whole tensors has been found before, by a {@link Reducer}.
 */
public final class Arithmetic {

    /** Elements of a block, at most: registers of 8 KiB stay in a first-level cache of 32. */
    public static final int BLOCK = 2048;

    /** Sums of weights closer to zero divide nothing. */
    private static final float NO_SUM = 1e-8f;

    /**
     * A part of an input as it is stored.
     *
     * @param dtype F32, BF16 or F16
     * @param bytes where it is stored
     * @param at    the block's first byte there
     */
    public record Stored(DType dtype, MemorySegment bytes, long at) {}

    /** Where a block's operands come from. */
    @FunctionalInterface
    public interface Operands {

        /**
         * The block of one input.
         *
         * @param input its number among {@link Operation#inputs()}
         * @return where it is stored
         */
        Stored of(int input);
    }

    private Arithmetic() {}

    /**
     * Computes a block.
     *
     * @param operation what to compute
     * @param reducer   what the passes before found: {@link SlerpSums} for slerp, {@link Selections} for what keeps some elements; null for the others
     * @param operands  the inputs
     * @param in        registers, which hold the result then
     * @param elements  in the block
     * @param index     of the first, as the reducer counts them
     */
    public static void block(Operation operation, Reducer reducer, Operands operands, Registers in, int elements, long index) {
        float[] result = in.result, x = in.x, y = in.y;
        int n = in.floats(elements);
        switch (operation) {
            case Copy _ -> load(operands, 0, in, result, elements);
            case Scale(_, float factor) -> {
                load(operands, 0, in, x, elements);
                Floats.scale(x, factor, result, n);
            }
            case Linear linear -> linear(linear, operands, in, elements);
            case TaskArithmetic task -> taskArithmetic(task, operands, in, elements);
            case Sparse sparse -> SparseArithmetic.block(sparse, (Selections) reducer, operands, in, elements, index);
            case Slerp _ -> {
                SlerpFactors slerp = ((SlerpSums) reducer).factors();
                load(operands, 0, in, x, elements);
                load(operands, 1, in, y, elements);
                Floats.scale(x, slerp.base(), result, n);
                Floats.addScaled(y, slerp.other(), result, n);
            }
            case Blend(_, _, double share) -> {
                load(operands, 0, in, x, elements);
                load(operands, 1, in, y, elements);
                Floats.blend(x, y, share, result, n);
            }
            case Sum _ -> {
                load(operands, 0, in, x, elements);
                load(operands, 1, in, y, elements);
                Floats.add(x, y, result, n);
                load(operands, 2, in, x, elements);
                Floats.subtract(result, x, result, n);
            }
        }
    }

    private static void linear(Linear linear, Operands operands, Registers in, int elements) {
        int n = in.floats(elements);
        List<Term> terms = linear.terms();
        for (int i = 0; i < terms.size(); i++) {
            load(operands, i, in, in.x, elements);
            if (i == 0) Floats.scale(in.x, terms.get(i).weight(), in.result, n);
            else Floats.addScaled(in.x, terms.get(i).weight(), in.result, n);
        }
        float total = total(terms);
        if (linear.normalize() && total != 1) Floats.divide(in.result, total, in.result, n);
    }

    private static void taskArithmetic(TaskArithmetic task, Operands operands, Registers in, int elements) {
        int n = in.floats(elements);
        List<Term> terms = task.terms();
        if (terms.isEmpty()) {
            load(operands, 0, in, in.result, elements);
            return;
        }
        load(operands, 0, in, in.y, elements);
        for (int i = 0; i < terms.size(); i++) {
            load(operands, i + 1, in, in.x, elements);
            if (i == 0) Floats.scaledDifference(in.x, in.y, terms.get(i).weight(), in.result, n);
            else Floats.addScaledDifference(in.x, in.y, terms.get(i).weight(), in.result, n);
        }
        float total = total(terms);
        if (task.normalize() && total != 1 && Math.abs(total) >= NO_SUM) Floats.divide(in.result, total, in.result, n);
        if (task.lambda() != 1) Floats.scale(in.result, task.lambda(), in.result, n);
        Floats.add(in.y, in.result, in.result, n);
    }

    static void load(Operands operands, int input, Registers in, float[] to, int elements) {
        Stored stored = operands.of(input);
        in.load(stored.dtype(), stored.bytes(), stored.at(), to, elements);
    }

    /**
     * Adds a block to slerp's sums, which {@link Registers#sums} ends.
     *
     * @param operands the two tensors
     * @param in       registers
     * @param elements in the block
     */
    static void products(Operands operands, Registers in, int elements) {
        load(operands, 0, in, in.x, elements);
        load(operands, 1, in, in.y, elements);
        in.products(elements);
    }

    private static float total(List<Term> terms) {
        float total = terms.getFirst().weight();
        for (Term term : terms.subList(1, terms.size())) total += term.weight();
        return total;
    }
}
