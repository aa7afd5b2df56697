package io.graft.engine.kernel;

import io.graft.engine.kernel.backward.BackwardKernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;

/**
 * Kernels of a process that must answer soon: vector code for products of many rows, which C2 compiles first, scalar code for all
 * else until the {@link WarmUp} has been through it; then vector code only. The bits are the same, whenever that happens.
 *
 * <p>A first token of a 135M model in BF16 needs 0.1 s of products and, were all of it vector code, over a second of C2: first token after
 * 2.6 s instead of 3.3 s on two busy cores of an AMD EPYC (Zen 3), medians of four.
 */
public final class StartingKernels implements Kernels {

    /** A pass of more rows waits for vector code everywhere. */
    private static final int MANY = 64;

    private final Kernels vector, scalar;
    private final WarmUp warmUp;
    private volatile boolean answered;

    private StartingKernels(Kernels vector, Kernels scalar, WarmUp warmUp) {
        this.vector = vector;
        this.scalar = scalar;
        this.warmUp = warmUp;
    }

    /**
     * Starts kernels, as {@link Kernels#open} does; those here only where it would choose the vector kernels of itself, and a second
     * processor is there to compile.
     *
     * @param choice  a name that forces others; null for the best
     * @param threads how many work, the caller included; 0 for as many as there are processors
     * @return the kernels; close them
     * @throws io.graft.engine.RequestException if nothing has that name, or what has cannot run here
     */
    public static Kernels open(String choice, int threads) {
        Kernels best = Kernels.open(choice, threads);
        boolean own = choice == null && System.getProperty("graft.kernels", "").isEmpty() && best.description().startsWith("vector");
        if (!own || Runtime.getRuntime().availableProcessors() < 2) return best;
        return new StartingKernels(best, Kernels.open("scalar", threads), WarmUp.start());
    }

    /** {@return whether everything is vector code by now} */
    boolean isStarted() { return warmUp.isOver(); }

    private Kernels now() { return warmUp.isOver() ? vector : scalar; }

    /** For a product of some rows. The first pass and its logits wait for products only, what follows and what is large for everything. */
    private Kernels forProduct(long rows) {
        if (warmUp.isOver()) return vector;
        if (rows > MANY || rows <= FEW && answered) warmUp.awaitEnd();
        else if (rows > FEW) warmUp.awaitProducts();
        return rows <= FEW ? now() : vector;
    }

    @Override
    public String description() { return vector.description(); }

    @Override
    public int threads() { return vector.threads(); }

    @Override
    public Tensor allocate(String name, Shape shape) { return vector.allocate(name, shape); }

    @Override
    public Tensor upload(Tensor stored) { return vector.upload(stored); }

    @Override
    public void upload(float[] from, Tensor to) { vector.upload(from, to); }

    @Override
    public void download(Tensor from, float[] to) { vector.download(from, to); }

    @Override
    public void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor c, boolean accumulate) {
        forProduct(MANY).matmul(a, transposeA, b, transposeB, c, accumulate);
    }

    /** A product of few rows is a step of decoding: the first answer is out. */
    @Override
    public void linear(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        long rows = x.shape().rows();
        forProduct(rows).linear(x, weight, bias, y);
        if (rows > FEW || answered) return;
        answered = true;
        warmUp.goOn();
    }

    @Override
    public void copy(Tensor from, Tensor to) { now().copy(from, to); }

    @Override
    public void embed(Tensor table, int[] ids, float scale, Tensor y) { now().embed(table, ids, scale, y); }

    @Override
    public void rmsNorm(Tensor x, Tensor gain, float eps, boolean unitOffset, Tensor y) { now().rmsNorm(x, gain, eps, unitOffset, y); }

    @Override
    public void layerNorm(Tensor x, Tensor gain, float eps, Tensor y) { now().layerNorm(x, gain, eps, y); }

    @Override
    public void rope(Tensor x, int headDim, Tensor cos, Tensor sin, int[] positions, RopeStyle style) { now().rope(x, headDim, cos, sin, positions, style); }

    @Override
    public void softmax(Tensor x, Tensor y) { now().softmax(x, y); }

    @Override
    public void attention(Tensor q, Tensor k, Tensor v, Sequences sequences, AttentionSpec spec, Tensor out) { now().attention(q, k, v, sequences, spec, out); }

    @Override
    public void gate(Activation activation, Tensor gate, Tensor up, Tensor y) { now().gate(activation, gate, up, y); }

    @Override
    public void add(Tensor a, Tensor b, float scale, Tensor y) { now().add(a, b, scale, y); }

    @Override
    public void scale(Tensor x, float scale, Tensor y) { now().scale(x, scale, y); }

    @Override
    public void softCap(Tensor x, float cap, Tensor y) { now().softCap(x, cap, y); }

    @Override
    public void argmax(Tensor x, int[] best) { now().argmax(x, best); }

    @Override
    public void crossEntropy(Tensor hidden, Tensor head, float logitScale, float softCap, int[] targets, Tensor loss, Tensor logSumExp, int[] best) {
        forProduct(MANY + 1).crossEntropy(hidden, head, logitScale, softCap, targets, loss, logSumExp, best);
    }

    @Override
    public BackwardKernels backward() { return vector.backward(); }

    @Override
    public void close() {
        warmUp.stop();
        vector.close();
        scalar.close();
    }
}
