package io.graft.merge.plan;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import io.graft.formats.model.ModelSources;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.peft.Adapter;
import io.graft.formats.peft.AdapterConfig;
import io.graft.formats.peft.LoraPair;
import io.graft.merge.LayerSwapBuilder;
import io.graft.merge.Recipes;
import io.graft.tests.Fixtures;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The swapped adapter's task vectors are the swap of the adapters' task vectors: B·A·s, module by module, in double. */
class AdapterSwapTest {

    private final Path root = Fixtures.require("fixtures/merge/adapters").getParent();
    private final String base = root + "/models/tiny/base", plain = root + "/adapters/plain", rslora = root + "/adapters/rslora";

    private LayerSwapBuilder swap() { return Recipes.layerSwap(base + "+" + plain, base + "+" + rslora).bottom(1).top(1).asAdapter(); }

    @Test
    void deltasAreTheSharesOfBothAdapters() {
        LayerSwapBuilder builder = swap().transitions(1, 1).ramp();
        try (MergePlan plan = Planner.plan(builder.build(), ModelSources::open); Adapter ours = ModelSources.openAdapter(Path.of(plain)); Adapter theirs = ModelSources.openAdapter(Path.of(rslora))) {
            assertTrue(plan.adapter());
            Map<String, SourceTensor> written = new LinkedHashMap<>();
            for (TensorPlan tensor : plan.tensors()) written.put(tensor.name(), ((Operation.Copy) tensor.operation()).from());
            AdapterConfig config = AdapterConfig.of("out", plan.config());
            double[] share = {1, 0.5, 0, 0.5, 1};
            int compared = 0;
            for (String name : written.keySet()) {
                if (!name.endsWith("lora_A.weight")) continue;
                String module = name.substring("base_model.model.".length(), name.indexOf(".lora_A"));
                assertTrue(config.targets(module), module);
                SourceTensor a = written.get(name), b = written.get(name.replace("lora_A", "lora_B"));
                double[] found = delta(a, b, config.scale(module, a.shape().size(0)));
                double w = share[LayerName.of(module + ".").orElseThrow().layer()];
                double[] expected = new double[found.length];
                add(expected, w, ours.pairs().get(module));
                add(expected, 1 - w, theirs.pairs().get(module));
                for (int i = 0; i < found.length; i++) assertEquals(expected[i], found[i], 1e-6 * (1 + Math.abs(expected[i])), module);
                compared++;
            }
            assertTrue(compared >= 5, compared + " modules");
        }
    }

    @Test
    void aWholePairIsCopiedByItsBytes() {
        try (MergePlan plan = Planner.plan(swap().build(), ModelSources::open)) {
            assertTrue(plan.tensors().stream().allMatch(TensorPlan::isCopied));
        }
    }

    @Test
    void adaptersAloneStandOnTheBaseModel() {
        LayerSwapBuilder alone = Recipes.layerSwap(plain, rslora).base(base).bottom(1).top(1).asAdapter();
        try (MergePlan plan = Planner.plan(alone.build(), ModelSources::open)) {
            assertEquals(base, plan.config().get("base_model_name_or_path").getAsString());
        }
    }

    @Test
    void twoModelsMakeNoAdapter() {
        RequestException refused = assertThrows(RequestException.class, () -> Planner.plan(Recipes.layerSwap(base, root + "/models/tiny/a").bottom(1).top(1).asAdapter().build(), ModelSources::open));
        assertTrue(refused.getMessage().contains("output: adapter needs two adapters of one base"), refused.getMessage());
    }

    private static void add(double[] to, double share, LoraPair pair) {
        if (pair == null || share == 0) return;
        double[] delta = delta(pair.a(), pair.b(), pair.scale());
        for (int i = 0; i < to.length; i++) to[i] += share * delta[i];
    }

    private static double[] delta(SourceTensor a, SourceTensor b, double scale) {
        float[] x = read(a), y = read(b);
        int rank = (int) a.shape().size(0), in = (int) a.shape().size(1), out = (int) b.shape().size(0);
        double[] delta = new double[out * in];
        for (int o = 0; o < out; o++) for (int r = 0; r < rank; r++) for (int i = 0; i < in; i++) delta[o * in + i] += scale * y[o * rank + r] * x[r * in + i];
        return delta;
    }

    /** In two pieces that end within a row, as a run may cut them. */
    private static float[] read(SourceTensor tensor) {
        int count = (int) tensor.shape().elements(), cut = count / 3 + 1;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment to = arena.allocate(4L * count);
            tensor.readF32(0, cut, to);
            tensor.readF32(cut, count - cut, to.asSlice(4L * cut));
            return to.toArray(JAVA_FLOAT_UNALIGNED);
        }
    }
}
