package io.graft.engine.profile;

import io.graft.engine.kernel.Activation;
import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.RopeStyle;
import io.graft.engine.kernel.Sequences;
import io.graft.engine.kernel.backward.BackwardKernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Kernels that note every launch, and report it to the JDK Flight Recorder where a recording runs. Who does not wrap kernels in
 * this pays nothing. For one thread at a time.
 */
public final class ProfiledKernels implements Kernels {

    private final Kernels kernels;
    private final boolean recorder;
    private final long began = System.nanoTime();
    private final List<Launch> launches = new ArrayList<>();

    /**
     * Profiles kernels.
     *
     * @param kernels which compute; closing these closes them
     */
    public ProfiledKernels(Kernels kernels) {
        this.kernels = kernels;
        this.recorder = ModuleLayer.boot().findModule("jdk.jfr").isPresent();
    }

    /** {@return what has been launched so far, oldest first} */
    public List<Launch> launches() { return List.copyOf(launches); }

    /** Forgets what has been launched. */
    public void clear() { launches.clear(); }

    void launch(String operation, String shape, long bytes, long flops, Runnable work) {
        if (recorder) record(operation, shape, bytes, flops, work);
        else timed(operation, shape, bytes, flops, work);
    }

    /** Apart, so that the class of the event is not looked for where there is no recorder. */
    private void record(String operation, String shape, long bytes, long flops, Runnable work) {
        KernelEvent event = new KernelEvent();
        event.begin();
        timed(operation, shape, bytes, flops, work);
        event.end();
        if (!event.shouldCommit()) return;
        event.operation = operation;
        event.shape = shape;
        event.bytes = bytes;
        event.flops = flops;
        event.threads = threads();
        event.commit();
    }

    private void timed(String operation, String shape, long bytes, long flops, Runnable work) {
        long start = System.nanoTime();
        work.run();
        launches.add(new Launch(operation, shape, bytes, flops, start - began, System.nanoTime() - start));
    }

    static long bytes(Tensor... tensors) {
        long sum = 0;
        for (Tensor tensor : tensors)
            if (tensor != null) sum += tensor.bytes();
        return sum;
    }

    private static String times(Tensor a, Tensor b) { return a.shape() + " x " + b.shape() + " " + b.dtype(); }

    @Override
    public String description() { return kernels.description() + ", profiled"; }

    @Override
    public int threads() { return kernels.threads(); }

    @Override
    public Tensor allocate(String name, Shape shape) { return kernels.allocate(name, shape); }

    @Override
    public Tensor upload(Tensor stored) { return kernels.upload(stored); }

    @Override
    public void upload(float[] from, Tensor to) { kernels.upload(from, to); }

    @Override
    public void download(Tensor from, float[] to) { kernels.download(from, to); }

    @Override
    public void copy(Tensor from, Tensor to) { launch("copy", from.shape().toString(), bytes(from, to), 0, () -> kernels.copy(from, to)); }

    @Override
    public void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor c, boolean accumulate) {
        long inner = transposeA ? a.shape().rows() : a.shape().columns();
        launch("matmul" + (transposeA ? " T" : " N") + (transposeB ? "T" : "N"), times(a, b), bytes(a, b, c), 2 * c.shape().elements() * inner,
                () -> kernels.matmul(a, transposeA, b, transposeB, c, accumulate));
    }

    @Override
    public void linear(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        launch("linear", times(x, weight), bytes(x, weight, bias, y), 2 * x.shape().rows() * weight.shape().elements(), () -> kernels.linear(x, weight, bias, y));
    }

    @Override
    public void embed(Tensor table, int[] ids, float scale, Tensor y) {
        launch("embed", y.shape().toString(), 2 * bytes(y), y.shape().elements(), () -> kernels.embed(table, ids, scale, y));
    }

    @Override
    public void rmsNorm(Tensor x, Tensor gain, float eps, boolean unitOffset, Tensor y) {
        launch("rmsNorm", x.shape().toString(), bytes(x, gain, y), 4 * x.shape().elements(), () -> kernels.rmsNorm(x, gain, eps, unitOffset, y));
    }

    @Override
    public void layerNorm(Tensor x, Tensor gain, float eps, Tensor y) {
        launch("layerNorm", x.shape().toString(), bytes(x, gain, y), 6 * x.shape().elements(), () -> kernels.layerNorm(x, gain, eps, y));
    }

    @Override
    public void rope(Tensor x, int headDim, Tensor cos, Tensor sin, int[] positions, RopeStyle style) {
        launch("rope", x.shape().toString(), 2 * bytes(x) + bytes(cos, sin), 3 * x.shape().elements(), () -> kernels.rope(x, headDim, cos, sin, positions, style));
    }

    @Override
    public void softmax(Tensor x, Tensor y) { launch("softmax", x.shape().toString(), bytes(x, y), 4 * x.shape().elements(), () -> kernels.softmax(x, y)); }

    @Override
    public void attention(Tensor q, Tensor k, Tensor v, Sequences sequences, AttentionSpec spec, Tensor out) {
        long pairs = 0, queries = 0, keys = 0;
        for (int i = 0; i < sequences.count(); i++) {
            queries += sequences.queries(i);
            keys += sequences.keys(i);
            for (int t = 0; t < sequences.queries(i); t++) {
                int seen = sequences.keys(i) - sequences.queries(i) + t + 1;
                pairs += spec.window() == 0 ? seen : Math.min(seen, spec.window());
            }
        }
        long width = (long) spec.headDim() * Float.BYTES;
        // Decoding sees one key more with every token: its launches are one row of a table all the same.
        launch("attention", queries + " queries, " + (queries == sequences.count() ? "" : keys + " keys, ") + spec.heads() + "/" + spec.kvHeads() + " heads of " + spec.headDim(),
                2 * queries * spec.heads() * width + 2 * keys * spec.kvHeads() * width, 4 * pairs * spec.heads() * spec.headDim(),
                () -> kernels.attention(q, k, v, sequences, spec, out));
    }

    @Override
    public void gate(Activation activation, Tensor gate, Tensor up, Tensor y) {
        launch("gate", gate.shape().toString(), bytes(gate, up, y), 4 * gate.shape().elements(), () -> kernels.gate(activation, gate, up, y));
    }

    @Override
    public void add(Tensor a, Tensor b, float scale, Tensor y) {
        launch("add", a.shape().toString(), bytes(a, b, y), 2 * a.shape().elements(), () -> kernels.add(a, b, scale, y));
    }

    @Override
    public void scale(Tensor x, float scale, Tensor y) { launch("scale", x.shape().toString(), bytes(x, y), x.shape().elements(), () -> kernels.scale(x, scale, y)); }

    @Override
    public void softCap(Tensor x, float cap, Tensor y) { launch("softCap", x.shape().toString(), bytes(x, y), 3 * x.shape().elements(), () -> kernels.softCap(x, cap, y)); }

    @Override
    public void argmax(Tensor x, int[] best) { launch("argmax", x.shape().toString(), bytes(x), 0, () -> kernels.argmax(x, best)); }

    @Override
    public void crossEntropy(Tensor hidden, Tensor head, float logitScale, float softCap, int[] targets, Tensor loss, Tensor logSumExp, int[] best) {
        launch("crossEntropy", times(hidden, head), bytes(hidden, head, loss, logSumExp), 2 * hidden.shape().rows() * head.shape().elements(),
                () -> kernels.crossEntropy(hidden, head, logitScale, softCap, targets, loss, logSumExp, best));
    }

    @Override
    public BackwardKernels backward() { return new ProfiledBackward(kernels.backward(), this); }

    @Override
    public void close() { kernels.close(); }
}
