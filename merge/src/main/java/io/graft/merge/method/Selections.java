package io.graft.merge.method;

import io.graft.merge.method.Arithmetic.Operands;
import io.graft.merge.plan.Operation.Part;
import io.graft.merge.plan.Operation.Sparse;
import java.util.List;

/** The passes that find what is kept of the task vectors of a tensor, or of the one task vector of many tensors together. */
public final class Selections implements Reducer {

    /** Elements of a chunk: adding up its counts costs less than counting. */
    public static final long CHUNK = 1 << 20;

    static final int COUNT = 0, REFINE = 1, TIES = 2, LOCATE = 3;

    private final Selection[] parts;

    /**
     * Nothing known yet.
     *
     * @param operation what needs it; of tensors reduced together, any of them
     * @param elements  of the tensor, or of all together
     * @param chunks    how many there are: a tensor begins a new one
     * @param places    where random masks begin
     */
    public Selections(Sparse operation, long elements, int chunks, MaskPlaces places) {
        List<Part> all = operation.parts();
        parts = new Selection[all.size()];
        for (int i = 0; i < parts.length; i++) parts[i] = new Selection(all.get(i), i, elements, chunks, places);
    }

    @Override
    public int passes() { return 4; }

    @Override
    public boolean isNeeded(int pass, long chunk) {
        for (Selection part : parts) if (part.isNeeded(pass, chunk)) return true;
        return false;
    }

    @Override
    public long chunk() { return CHUNK; }

    @Override
    public void block(int pass, Operands operands, Registers in, int elements, long index) {
        Arithmetic.load(operands, 0, in, in.y, elements);
        for (int i = 0; i < parts.length; i++) {
            Arithmetic.load(operands, i + 1, in, in.x, elements);
            Floats.subtract(in.x, in.y, in.result, in.floats(elements));
            parts[i].block(pass, in.result, in, elements, index);
        }
    }

    @Override
    public void chunkDone(int pass, long chunk, Registers in) {
        for (Selection part : parts) part.chunkDone(pass, chunk, in);
    }

    @Override
    public void passDone(int pass) {
        for (Selection part : parts) part.passDone(pass);
    }

    Selection part(int number) { return parts[number]; }
}
