package io.graft.engine.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.backward.Gradients;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Holds an operation of the tape to a loop in double: its values, and its gradient of ⟨c, y⟩ for a random c to central differences
 * of the loop. With h = 2⁻¹⁷ their own error is h² of the third derivative and 2⁻⁵² / h of rounding, about 1e-10 both: nothing
 * beside single precision.
 *
 * <p>Tolerance: an element that is a sum of n rounded terms is off by at most n · 2⁻²⁴ of the sum of their magnitudes, which for
 * terms of random sign is √n of the sum's own size. So a tensor's relative distance is at most n^1.5 · 2⁻²⁴; every test says its n,
 * the terms of the longest chain of sums behind one element, rounded up.
 */
final class OpCheck implements AutoCloseable {

    private static final double H = 0x1p-17;

    final Kernels kernels = Kernels.open(null, 1);
    final Gradients gradients = new Gradients(kernels);
    private final SplittableRandom random = new SplittableRandom(1);
    private final List<Tensor> owned = new ArrayList<>();
    /** What the operation reads on the tape, in the order of {@link #value}, then its weights, in that of {@link #weight}. */
    private final List<Tensor> values = new ArrayList<>();
    private final List<Parameter> weights = new ArrayList<>();

    /** The operation. */
    interface Op {
        Value run(Tape tape, Value[] x, Parameter[] weights);
    }

    /** The same in double. */
    interface Loop {
        double[] run(double[][] in);
    }

    Tensor fill(Shape shape, double low, double high) {
        Tensor tensor = kernels.allocate("input " + owned.size(), shape);
        owned.add(tensor);
        float[] numbers = new float[Math.toIntExact(shape.elements())];
        for (int i = 0; i < numbers.length; i++) numbers[i] = (float) random.nextDouble(low, high);
        kernels.upload(numbers, tensor);
        return tensor;
    }

    OpCheck value(long... sizes) {
        values.add(fill(Shape.of(sizes), -1.5, 1.5));
        return this;
    }

    OpCheck weight(long... sizes) { return weightWithin(-1.5, 1.5, sizes); }

    OpCheck weightWithin(double low, double high, long... sizes) {
        Tensor gradient = kernels.allocate("gradient", Shape.of(sizes));
        owned.add(gradient);
        weights.add(new Parameter("weight " + weights.size(), fill(Shape.of(sizes), low, high), gradient));
        return this;
    }

    /** All inputs in double: values, then weights. */
    double[][] inputs() {
        List<double[]> all = new ArrayList<>();
        for (Tensor each : values) all.add(doubles(each));
        for (Parameter each : weights) all.add(doubles(each.value()));
        return all.toArray(double[][]::new);
    }

    double[] doubles(Tensor tensor) {
        float[] numbers = new float[Math.toIntExact(tensor.shape().elements())];
        kernels.download(tensor, numbers);
        double[] wide = new double[numbers.length];
        for (int i = 0; i < wide.length; i++) wide[i] = numbers[i];
        return wide;
    }

    void check(int terms, Op op, Loop loop) {
        double tolerance = Math.pow(terms, 1.5) * 0x1p-24;
        double[][] in = inputs();
        double[][] got = new double[in.length][];
        double[] c;
        try (Tape tape = new Tape(kernels, gradients)) {
            Value[] x = leaves(tape, got);
            Value y = op.run(tape, x, weights.toArray(Parameter[]::new));
            near("values", doubles(y.data()), loop.run(in), tolerance);
            y.gradient = tape.pool.take(y.data().shape());
            float[] seed = new float[Math.toIntExact(y.data().shape().elements())];
            c = new double[seed.length];
            for (int i = 0; i < seed.length; i++) c[i] = seed[i] = (float) random.nextDouble(-1, 1);
            kernels.upload(seed, y.gradient);
            tape.backward();
        }
        for (int i = 0; i < weights.size(); i++) got[values.size() + i] = doubles(weights.get(i).gradient());
        for (int i = 0; i < in.length; i++) near("gradient of input " + i, got[i], differences(in, i, c, loop), tolerance);
    }

    /** What ends in a loss instead of a value. */
    interface Loss {
        void run(Tape tape, Value[] x, Parameter[] weights);
    }

    /** Runs a loss and the tape backward; {@code got} receives the values' gradients. */
    void lossOf(Tape tape, double[][] got, Loss loss) {
        loss.run(tape, leaves(tape, got), weights.toArray(Parameter[]::new));
        tape.backward();
    }

    double[] weightGradient(int i) { return doubles(weights.get(i).gradient()); }

    /** Values on the tape whose gradients are read just before it forgets them. */
    private Value[] leaves(Tape tape, double[][] got) {
        Value[] x = new Value[values.size()];
        for (int i = 0; i < x.length; i++) {
            int at = i;
            x[i] = tape.value(values.get(i).shape(), true);
            kernels.copy(values.get(i), x[i].data);
            tape.backward.add(() -> got[at] = doubles(x[at].gradient));
        }
        return x;
    }

    static double[] differences(double[][] in, int input, double[] c, Loop loop) {
        double[] slopes = new double[in[input].length];
        for (int i = 0; i < slopes.length; i++) {
            double at = in[input][i];
            in[input][i] = at + H;
            double above = inner(c, loop.run(in));
            in[input][i] = at - H;
            double below = inner(c, loop.run(in));
            in[input][i] = at;
            slopes[i] = (above - below) / (2 * H);
        }
        return slopes;
    }

    static double inner(double[] a, double[] b) {
        assertEquals(a.length, b.length);
        double sum = 0;
        for (int i = 0; i < a.length; i++) sum += a[i] * b[i];
        return sum;
    }

    static void near(String what, double[] got, double[] want, double tolerance) {
        double difference = 0, size = 0;
        assertEquals(want.length, got.length, what);
        for (int i = 0; i < want.length; i++) {
            difference += (got[i] - want[i]) * (got[i] - want[i]);
            size += want[i] * want[i];
        }
        assertTrue(size > 0, what + " is zero");
        assertTrue(Math.sqrt(difference / size) <= tolerance, what + ": relative distance " + Math.sqrt(difference / size) + ", tolerance " + tolerance);
    }

    @Override
    public void close() {
        owned.forEach(Tensor::close);
        gradients.close();
        kernels.close();
    }
}
