package io.graft.merge.method;

import io.graft.merge.method.Arithmetic.Operands;
import io.graft.merge.plan.Operation.Part;
import io.graft.merge.plan.Operation.Rollback;
import io.graft.merge.plan.Operation.Sparse;
import io.graft.merge.plan.Operation.TaskVectors;
import java.util.List;

/** One block of a method that keeps some elements of task vectors. Element-wise, when {@link Selections} knows which. */
final class SparseArithmetic {

    /** Sums of weights closer to zero divide nothing, where no sign is elected. */
    private static final float NO_SUM = 1e-8f;

    private SparseArithmetic() {}

    static void block(Sparse operation, Selections selections, Operands operands, Registers in, int elements, long index) {
        switch (operation) {
            case Rollback _ -> rollback(selections.part(0), operands, in, elements, index);
            case TaskVectors task -> taskVectors(task, selections, operands, in, elements, index);
        }
    }

    private static void rollback(Selection selection, Operands operands, Registers in, int elements, long index) {
        int n = in.floats(elements);
        Arithmetic.load(operands, 0, in, in.y, elements);
        Arithmetic.load(operands, 1, in, in.x, elements);
        Floats.subtract(in.x, in.y, in.result, n);
        selection.mask(in.result, in, elements, index, in.mask());
        Floats.choose(in.mask(), in.x, in.y, in.result, elements);
    }

    private static void taskVectors(TaskVectors task, Selections selections, Operands operands, Registers in, int elements, long index) {
        int n = in.floats(elements);
        List<Part> parts = task.parts();
        float[][] p = in.parts(parts.size());
        Arithmetic.load(operands, 0, in, in.y, elements);
        for (int i = 0; i < parts.size(); i++) {
            Arithmetic.load(operands, i + 1, in, in.x, elements);
            Floats.subtract(in.x, in.y, p[i], n);
            Selection selection = selections.part(i);
            if (selection.mask(p[i], in, elements, index, in.mask())) Floats.and(p[i], in.mask(), elements);
            if (selection.factor() != 1) Floats.scale(p[i], selection.factor(), p[i], n);
            Floats.scale(p[i], parts.get(i).weight(), p[i], n);
        }
        if (task.consensus()) elect(task, p, in, elements);
        else add(task, p, in, n);
        if (task.lambda() != 1) Floats.scale(in.result, task.lambda(), in.result, n);
        Floats.add(in.y, in.result, in.result, n);
    }

    private static void add(TaskVectors task, float[][] p, Registers in, int n) {
        float total = 0;
        for (int i = 0; i < task.parts().size(); i++) {
            if (i == 0) System.arraycopy(p[0], 0, in.result, 0, n);
            else Floats.add(in.result, p[i], in.result, n);
            total += task.parts().get(i).weight();
        }
        if (task.normalize() && total != 1 && Math.abs(total) >= NO_SUM) Floats.divide(in.result, total, in.result, n);
    }

    /** Σ of the p whose sign is that of the sum of all, and of their weights. */
    private static void elect(TaskVectors task, float[][] p, Registers in, int n) {
        float[] votes = in.x, result = in.result, weights = in.weights();
        java.util.Arrays.fill(votes, 0, n, 0);
        java.util.Arrays.fill(result, 0, n, 0);
        for (int i = 0; i < task.parts().size(); i++) Floats.add(votes, p[i], votes, n);
        if (!task.normalize()) {
            for (int i = 0; i < task.parts().size(); i++) Floats.addElected(p[i], votes, result, n);
            return;
        }
        java.util.Arrays.fill(weights, 0, n, 0);
        for (int i = 0; i < task.parts().size(); i++) Floats.addElected(p[i], votes, task.parts().get(i).weight(), result, weights, n);
        Floats.divideWhereNotZero(result, weights, n);
    }
}
