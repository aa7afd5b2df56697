package io.graft.merge.plan;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Two factors of adapters as one of their joint rank: B'·A' = f·B₁·A₁ + g·B₂·A₂ where A' is A₁ upon A₂ and B' is f·B₁ beside g·B₂.
 *
 * @param first        A₁ [r₁, in] or B₁ [out, r₁]
 * @param second       A₂ [r₂, in] or B₂ [out, r₂]
 * @param beside       whether they stand beside each other (B), else one upon the other (A)
 * @param firstFactor  f; 1 for A
 * @param secondFactor g; 1 for A
 */
record StackedFactor(SourceTensor first, SourceTensor second, boolean beside, double firstFactor, double secondFactor) implements SourceTensor {

    @Override
    public String name() { return first.name(); }

    /** What it is read as; a factor that is a power of two loses nothing, whatever the dtype. */
    @Override
    public DType dtype() {
        boolean exact = isPowerOfTwo(firstFactor) && isPowerOfTwo(secondFactor);
        return exact && first.dtype() == second.dtype() ? first.dtype() : DType.F32;
    }

    @Override
    public Shape shape() {
        long rows = first.shape().size(0), columns = first.shape().size(1);
        return beside ? Shape.of(rows, columns + second.shape().size(1)) : Shape.of(rows + second.shape().size(0), columns);
    }

    @Override
    public Optional<StoredRange> stored() { return Optional.empty(); }

    @Override
    public void readF32(long from, long count, MemorySegment to) {
        // A run that lies in one of the two: rows of a stack are two runs in all, rows side by side two each.
        long width = beside ? shape().columns() : shape().elements();
        long split = beside ? first.shape().columns() : first.shape().elements();
        for (long done = 0; done < count; ) {
            long at = from + done, row = at / width, column = at % width;
            boolean inFirst = column < split;
            long run = Math.min(count - done, (inFirst ? split : width) - column);
            SourceTensor part = inFirst ? first : second;
            long partWidth = inFirst ? split : width - split;
            MemorySegment target = to.asSlice(done * Float.BYTES, run * Float.BYTES);
            part.readF32(row * partWidth + (inFirst ? column : column - split), run, target);
            scale(target, run, inFirst ? firstFactor : secondFactor);
            done += run;
        }
    }

    private static boolean isPowerOfTwo(double factor) { return factor != 0 && Math.abs(factor) == Math.scalb(1.0, Math.getExponent(factor)); }

    private static void scale(MemorySegment values, long count, double factor) {
        if (factor == 1) return;
        for (long i = 0; i < count; i++) values.setAtIndex(JAVA_FLOAT_UNALIGNED, i, (float) (values.getAtIndex(JAVA_FLOAT_UNALIGNED, i) * factor));
    }
}
