package io.graft.engine.model;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Runs a tiny model of the same kind until the compilers have seen what a first token needs, while the caller reads the tokenizer.
 *
 * <p>Vector code that C2 has not compiled allocates an object an operation; on the real model all threads would run it so, and starve
 * the compiler (a 135M model on two cores: prefill of 15 tokens 1.5 s instead of 0.35 s). The tiny model costs little while it waits.
 * It changes no bit of any result. Nothing of it outlives {@link #close}.
 */
public final class WarmUp implements AutoCloseable {

    /** Wide enough for every loop of a kernel to be the one that counts, narrow enough to take a millisecond. */
    private static final int WIDTH = 128, VOCABULARY = 64;

    /** Measured: the last kernels (norms, tails) are compiled after about 25 rounds of a prompt and a decoded token. */
    private static final int ROUNDS = 30, PROMPT = 16;

    private final Thread thread;
    private volatile boolean stopped;

    /**
     * Starts, on a thread of its own.
     *
     * @param architecture what the real model computes
     * @param weights      the real model's, whose dtype the tiny one has
     * @param kernels      the name that {@link Kernels#open} takes; null for the best
     */
    public WarmUp(Architecture architecture, WeightSource weights, String kernels) {
        String matrix = "model.layers.0.self_attn.q_proj.weight"; // a model without it fails where its weights are checked
        DType dtype = weights.names().contains(matrix) && weights.dtype(matrix).isComputable() ? weights.dtype(matrix) : DType.F32;
        thread = Thread.ofPlatform().daemon().name("graft-warm-up").start(() -> {
            try (Kernels one = Kernels.open(kernels, 1); CausalLm lm = new CausalLm(tiny(architecture), new Zeros(tiny(architecture), dtype), one)) {
                rounds(lm);
            }
        });
    }

    /**
     * Whether it saves more than it takes: a second processor is there, and the model is so large that its first pass in slow code
     * would take longer than these rounds.
     *
     * @param architecture the real model
     * @return whether to warm up
     */
    public static boolean isWorthwhile(Architecture architecture) {
        double weights = 12.0 * architecture.hidden() * architecture.hidden() * architecture.layers();
        return weights > 20e6 && Runtime.getRuntime().availableProcessors() > 1;
    }

    private void rounds(CausalLm lm) {
        int[] ids = new int[PROMPT], last = {PROMPT - 1}, first = {0};
        try (Session session = lm.session(PROMPT)) {
            for (int round = 0; round < ROUNDS && !stopped; round++) {
                try (KvCache text = session.cache(PROMPT + 1)) {
                    session.run(new Batch().add(text, ids, 0, PROMPT));
                    session.logits(last, 1, (_, _) -> { });
                    session.run(new Batch().add(text, ids, 0, 1));
                    session.logits(first, 1, (_, _) -> { });
                }
            }
        }
    }

    /** Waits for the rounds that are left: a first pass of the real model is faster after them than beside them. */
    public void await() {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException asked) {
                stopped = interrupted = true;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }

    /** Ends after the round that runs, and frees its memory. */
    @Override
    public void close() {
        stopped = true;
        await();
    }

    private static Architecture tiny(Architecture real) {
        Architecture.Attention a = real.attention();
        Architecture.Attention attention = new Architecture.Attention(2, 1, a.headDim(), a.scale(), a.softCap(), a.inputBias(), a.outputBias(), a.headNorms(), a.ropeStyle(),
                a.rotary(), a.localRotary(), List.of(0));
        return new Architecture(real.family(), 1, WIDTH, 2 * WIDTH, VOCABULARY, real.embeddingScale(), real.norm(), real.block(), attention, real.mlp(),
                new Architecture.Head(true, real.head().scale(), real.head().softCap()), 0);
    }

    /** Weights of zeros, made when they are asked for. */
    private static final class Zeros implements WeightSource {

        private final Map<String, Shape> shapes;
        private final DType dtype;
        private final List<Tensor> made = new ArrayList<>();

        Zeros(Architecture architecture, DType dtype) {
            this.shapes = WeightShapes.of(architecture, false);
            this.dtype = dtype;
        }

        @Override
        public Set<String> names() { return shapes.keySet(); }

        @Override
        public DType dtype(String name) { return dtype; }

        @Override
        public Shape shape(String name) { return shapes.get(name); }

        @Override
        public Tensor tensor(String name) {
            Tensor zeros = Tensor.allocate(name, dtype, shapes.get(name));
            made.add(zeros);
            return zeros;
        }

        @Override
        public void close() { made.forEach(Tensor::close); }
    }
}
