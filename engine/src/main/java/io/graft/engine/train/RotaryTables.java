package io.graft.engine.train;

import io.graft.engine.autograd.Tape;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.engine.model.Rotary;
import java.util.Arrays;

/** Cosines and sines of positions, made once for all steps: angles in double, rounded once. Made again where a longer text comes, or one whose length changes the frequencies. */
final class RotaryTables implements AutoCloseable {

    /** Positions by which tables grow. */
    private static final int GROWTH = 128;

    private final Rotary rotary;
    private final Kernels kernels;
    private double[] frequencies;
    private int positions;
    private Tensor cos, sin, minusSin;

    RotaryTables(Rotary rotary, Kernels kernels) {
        this.rotary = rotary;
        this.kernels = kernels;
    }

    /** The angles of a batch's rows; valid until those of another batch are asked for. */
    Tape.Angles of(TrainBatch batch) {
        double[] wanted = rotary.frequencies(batch.longest());
        if (batch.longest() > positions || !Arrays.equals(wanted, frequencies)) make(wanted, (batch.longest() + GROWTH - 1) / GROWTH * GROWTH);
        return new Tape.Angles(cos, sin, minusSin, batch.positions());
    }

    private void make(double[] wanted, int count) {
        close();
        frequencies = wanted;
        positions = count;
        int half = rotary.dimensions() / 2;
        float[] cosines = new float[count * half], sines = new float[count * half], minus = new float[count * half];
        for (int position = 0; position < count; position++)
            for (int i = 0; i < half; i++) {
                double angle = position * wanted[i];
                cosines[position * half + i] = (float) (StrictMath.cos(angle) * rotary.magnitude());
                sines[position * half + i] = (float) (StrictMath.sin(angle) * rotary.magnitude());
                minus[position * half + i] = -sines[position * half + i];
            }
        cos = table(cosines, half);
        sin = table(sines, half);
        minusSin = table(minus, half);
    }

    private Tensor table(float[] values, int half) {
        Tensor table = kernels.allocate("rotary angles", Shape.of(positions, half));
        kernels.upload(values, table);
        return table;
    }

    /** Frees the tables. */
    @Override
    public void close() {
        if (cos == null) return;
        cos.close();
        sin.close();
        minusSin.close();
        cos = null;
        positions = 0;
    }
}
