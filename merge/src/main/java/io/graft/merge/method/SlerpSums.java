package io.graft.merge.method;

import io.graft.merge.method.Arithmetic.Operands;

/** Slerp's one pass: norms and dot product of both tensors, in F64, chunk by chunk and then in the order of the chunks. */
public final class SlerpSums implements Reducer {

    private static final long CHUNK = 1 << 16;

    private final double t;
    private final double[] sums;
    private SlerpFactors factors;

    /**
     * Nothing summed yet.
     *
     * @param t        the place between the tensors
     * @param elements of each
     */
    public SlerpSums(double t, long elements) {
        this.t = t;
        this.sums = new double[Math.toIntExact(3 * ((elements + CHUNK - 1) / CHUNK))];
    }

    @Override
    public int passes() { return 1; }

    @Override
    public boolean isNeeded(int pass, long chunk) { return true; }

    @Override
    public long chunk() { return CHUNK; }

    @Override
    public void block(int pass, Operands operands, Registers in, int elements, long index) { Arithmetic.products(operands, in, elements); }

    @Override
    public void chunkDone(int pass, long chunk, Registers in) { System.arraycopy(in.sums(), 0, sums, (int) (3 * chunk), 3); }

    @Override
    public void passDone(int pass) {
        double[] all = new double[3];
        for (int i = 0; i < sums.length; i++) all[i % 3] += sums[i];
        factors = SlerpFactors.of(all[0], all[1], all[2], t);
    }

    /** {@return the factors, when the pass is done} */
    SlerpFactors factors() { return factors; }
}
