package io.graft.engine.model;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Tensor;

/**
 * Cosines and sines of the rows of a batch, [rows, D/2]: angles in double by StrictMath, rounded once to F32. Made anew for every
 * pass: 4 us a token at D = 64, where a token costs 10 ms, and a text of any length needs no table.
 */
final class Rotation {

    private final Rotary rotary;
    private double[] frequencies;
    private final float[] cos, sin;

    Rotation(Rotary rotary, int rows) {
        this.rotary = rotary;
        this.cos = new float[rows * rotary.dimensions() / 2];
        this.sin = new float[rows * rotary.dimensions() / 2];
        this.frequencies = rotary.frequencies(0);
    }

    /** Fills the tables of a batch. Where frequencies depend on the length, every text goes by its own. */
    void fill(Batch batch, Kernels kernels, Tensor cosines, Tensor sines) {
        int half = frequencies.length;
        for (int part = 0; part < batch.parts(); part++) {
            int first = batch.first(part), end = batch.end(part), position = batch.cache(part).position();
            if (rotary.dependsOnLength()) frequencies = rotary.frequencies(position + end - first);
            for (int row = first; row < end; row++) angles(rotary, frequencies, position + row - first, cos, sin, row * half);
        }
        kernels.upload(cos, cosines);
        kernels.upload(sin, sines);
    }

    /** Cosines and sines of one position, from an index on. */
    static void angles(Rotary rotary, double[] frequencies, int position, float[] cos, float[] sin, int at) {
        double magnitude = rotary.magnitude();
        for (int i = 0; i < frequencies.length; i++) {
            double angle = position * frequencies[i];
            cos[at + i] = (float) (StrictMath.cos(angle) * magnitude);
            sin[at + i] = (float) (StrictMath.sin(angle) * magnitude);
        }
    }
}
