package io.graft.merge.method;

import io.graft.engine.kernel.merge.MergeKernels;
import io.graft.merge.plan.Operation;
import io.graft.merge.plan.Operation.Blend;
import io.graft.merge.plan.Operation.Copy;
import io.graft.merge.plan.Operation.Linear;
import io.graft.merge.plan.Operation.Scale;
import io.graft.merge.plan.Operation.Slerp;
import io.graft.merge.plan.Operation.Sum;
import io.graft.merge.plan.Operation.TaskArithmetic;
import io.graft.merge.plan.Operation.Term;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Every merge method on one block of elements, in F32, each product and sum rounded, in the order of {@link Operation}.
 *
 * <p>Element-wise: the same bits however a tensor is cut into blocks. Slerp's reductions have come before, as {@link SlerpFactors}.
 */
public final class Arithmetic {

    /** Elements of a block, at most: three registers of 8 KiB fit a first-level cache of 32. */
    public static final int BLOCK = 2048;

    /** Sums of weights closer to zero divide nothing. */
    private static final float NO_SUM = 1e-8f;

    /** Where a block's operands come from. */
    @FunctionalInterface
    public interface Operands {

        /**
         * Puts the block of one input into a register, widened to F32.
         *
         * @param input its number among {@link Operation#inputs()}
         * @param to    the register
         */
        void load(int input, MemorySegment to);
    }

    private Arithmetic() {}

    /**
     * Computes a block.
     *
     * @param kernels   what computes
     * @param operation what to compute
     * @param slerp     slerp's factors; null for the other methods
     * @param operands  the inputs
     * @param in        registers; the result is in {@link Registers#result}
     * @param n         elements in the block
     */
    public static void block(MergeKernels kernels, Operation operation, SlerpFactors slerp, Operands operands, Registers in, int n) {
        MemorySegment result = in.result(), x = in.x(), y = in.y();
        switch (operation) {
            case Copy _ -> operands.load(0, result);
            case Scale(_, float factor) -> {
                operands.load(0, x);
                kernels.scale(x, factor, result, n);
            }
            case Linear linear -> linear(kernels, linear, operands, in, n);
            case TaskArithmetic task -> taskArithmetic(kernels, task, operands, in, n);
            case Slerp _ -> {
                operands.load(0, x);
                operands.load(1, y);
                kernels.scale(x, slerp.base(), result, n);
                kernels.addScaled(y, slerp.other(), result, n);
            }
            case Blend(_, _, double share) -> {
                operands.load(0, x);
                operands.load(1, y);
                kernels.blend(x, y, share, result, n);
            }
            case Sum _ -> {
                operands.load(0, x);
                operands.load(1, y);
                kernels.add(x, y, result, n);
                operands.load(2, x);
                kernels.subtract(result, x, result, n);
            }
        }
    }

    private static void linear(MergeKernels kernels, Linear linear, Operands operands, Registers in, int n) {
        List<Term> terms = linear.terms();
        for (int i = 0; i < terms.size(); i++) {
            operands.load(i, in.x());
            if (i == 0) kernels.scale(in.x(), terms.get(i).weight(), in.result(), n);
            else kernels.addScaled(in.x(), terms.get(i).weight(), in.result(), n);
        }
        float total = total(terms);
        if (linear.normalize() && total != 1) kernels.divide(in.result(), total, in.result(), n);
    }

    private static void taskArithmetic(MergeKernels kernels, TaskArithmetic task, Operands operands, Registers in, int n) {
        List<Term> terms = task.terms();
        if (terms.isEmpty()) {
            operands.load(0, in.result());
            return;
        }
        operands.load(0, in.y());
        for (int i = 0; i < terms.size(); i++) {
            operands.load(i + 1, in.x());
            if (i == 0) kernels.scaledDifference(in.x(), in.y(), terms.get(i).weight(), in.result(), n);
            else kernels.addScaledDifference(in.x(), in.y(), terms.get(i).weight(), in.result(), n);
        }
        float total = total(terms);
        if (task.normalize() && total != 1 && Math.abs(total) >= NO_SUM) kernels.divide(in.result(), total, in.result(), n);
        if (task.lambda() != 1) kernels.scale(in.result(), task.lambda(), in.result(), n);
        kernels.add(in.y(), in.result(), in.result(), n);
    }

    private static float total(List<Term> terms) {
        float total = terms.getFirst().weight();
        for (Term term : terms.subList(1, terms.size())) total += term.weight();
        return total;
    }
}
