package io.graft.engine.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.generate.Generation;
import io.graft.engine.generate.Generator;
import io.graft.engine.generate.Request;
import io.graft.engine.generate.TokenListener;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Tensor;
import io.graft.engine.reference.Doubles;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The forward pass against what Transformers computes, within the bounds of the golden data's manifest. */
class CausalLmTest {

    private static final Kernels KERNELS = TestKernels.SHARED;

    static List<ArchFixture> checkpoints() { return ArchFixture.all(); }

    static List<ArchFixture> withHiddenStates() { return with("hidden.0"); }

    static List<ArchFixture> withLosses() { return with("token_loss"); }

    static List<ArchFixture> withGreedyText() { return with("greedy_ids"); }

    private static List<ArchFixture> with(String tensor) { return ArchFixture.all().stream().filter(fixture -> fixture.golden().has(tensor)).toList(); }

    @ParameterizedTest
    @MethodSource("checkpoints")
    void logitsAreTheTruthWithinTheBound(ArchFixture fixture) {
        try (CausalLm model = new CausalLm(fixture.architecture(), fixture.source(), KERNELS); Session session = model.session()) {
            double worst = 0, scale = 0;
            for (int text = 0; text < fixture.texts(); text++) {
                float[][] logits = logits(session, fixture.ids(text), null);
                for (int t = 0; t < logits.length; t++) {
                    double[] truth = fixture.at("logits64", text, t);
                    for (int v = 0; v < truth.length; v++) {
                        worst = Math.max(worst, Math.abs(truth[v] - logits[t][v]));
                        scale = Math.max(scale, Math.abs(truth[v]));
                    }
                }
            }
            System.out.printf("arch %s: largest difference %.2g of %.3g, bound %.2g%n", fixture, worst, scale, fixture.logitsBound());
            assertTrue(worst <= fixture.logitsBound(), fixture + ": " + worst);
        }
    }

    /** Hidden states and branches are PyTorch's in float32: 2e-5 of the tensor's largest magnitude, as the manifest's rule says. */
    @ParameterizedTest
    @MethodSource("withHiddenStates")
    void hiddenStatesAreThoseOfTransformers(ArchFixture fixture) {
        try (CausalLm model = new CausalLm(fixture.architecture(), fixture.source(), KERNELS); Session session = model.session()) {
            int[] seen = {0};
            for (int text = 0; text < fixture.texts(); text++) {
                int which = text;
                logits(session, fixture.ids(text), (name, value) -> {
                    if (!fixture.golden().has(name)) return;
                    seen[0]++;
                    double[] found = Doubles.of(value);
                    double largest = Arrays.stream(fixture.golden().doubles(name)).map(Math::abs).max().orElseThrow();
                    int width = (int) value.shape().size(1);
                    for (int t = 0; t < found.length / width; t++) {
                        double[] golden = fixture.at(name, which, t);
                        for (int i = 0; i < width; i++) assertEquals(golden[i], found[t * width + i], 2e-5 * largest, fixture + " " + name + " row " + t);
                    }
                });
            }
            assertEquals(fixture.texts() * (fixture.architecture().layers() + 1 + 4), seen[0], "hidden.*, attn_out.0-1, mlp_out.0-1");
        }
    }

    @ParameterizedTest
    @MethodSource("withLosses")
    void lossesOfTokensAreThoseOfTransformers(ArchFixture fixture) {
        try (CausalLm model = new CausalLm(fixture.architecture(), fixture.source(), KERNELS); Session session = model.session()) {
            for (int text = 0; text < fixture.texts(); text++) {
                int[] ids = fixture.ids(text), targets = Arrays.copyOfRange(ids, 1, ids.length);
                try (KvCache cache = session.cache(ids.length)) {
                    session.run(new Batch().add(cache, ids, 0, ids.length));
                    float[] losses = new float[targets.length];
                    session.losses(IntStream.range(0, targets.length).toArray(), targets, losses, null);
                    double[] golden = fixture.golden().row("token_loss", text);
                    // A loss is a logit less a log of a sum: twice the logits' bound, and PyTorch's own error once more.
                    for (int t = 0; t < losses.length; t++) assertEquals(golden[t], losses[t], 3 * fixture.logitsBound(), fixture + " token " + t);
                }
            }
        }
    }

    /** Greedy text, which runs through the cache token by token, until a margin is below the bound. */
    @ParameterizedTest
    @MethodSource("withGreedyText")
    void greedyTextIsThatOfTransformers(ArchFixture fixture) {
        int[] prompt = fixture.golden().ints("prompt_ids"), expected = fixture.golden().ints("greedy_ids");
        double[] margins = fixture.golden().doubles("greedy_margin");
        int compared = 0;
        while (compared < margins.length && margins[compared] > 2 * fixture.logitsBound()) compared++;
        try (CausalLm model = new CausalLm(fixture.architecture(), fixture.source(), KERNELS); Generator generator = new Generator(model)) {
            Generation text = generator.generate(new Request(prompt, expected.length), TokenListener.NONE);
            assertArrayEquals(Arrays.copyOf(expected, compared), Arrays.copyOf(text.ids(), compared));
            assertTrue(compared > 10, fixture + ": only " + compared + " tokens could be compared");
        }
    }

    static float[][] logits(Session session, int[] ids, Observer observer) {
        float[][] logits = new float[ids.length][];
        try (KvCache cache = session.cache(ids.length)) {
            session.run(new Batch().add(cache, ids, 0, ids.length), observer);
            session.logits(IntStream.range(0, ids.length).toArray(), ids.length, (i, row) -> logits[i] = row.clone());
        }
        return logits;
    }
}
