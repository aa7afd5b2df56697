package io.graft.merge.analysis;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.formats.model.ModelSource;
import io.graft.merge.analysis.Changes.Sums;
import io.graft.merge.analysis.Changes.TensorChanges;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ChangesTest {

    private static final double[] SETS = {0.02, 0.1, 0.35};
    private static final int[] ROWS = {301, 1, 40}, COLUMNS = {307, 5, 97};

    /** Three matrices; zeros for seed 0, so that changes of two models are independent; else values on a coarse grid, so that many changes are equal, or not. */
    private static MemoryModel model(String name, long seed, boolean coarse) {
        SplittableRandom random = new SplittableRandom(seed);
        MemoryModel model = new MemoryModel(name);
        for (int t = 0; t < ROWS.length; t++) {
            float[] values = new float[ROWS[t] * COLUMNS[t]];
            for (int i = 0; i < values.length && seed > 0; i++) values[i] = coarse ? random.nextInt(-8, 9) / 8f : (float) (random.nextDouble() - 0.5);
            model.with("model.layers." + t + ".mlp.up_proj.weight", DType.F32, Shape.of(ROWS[t], COLUMNS[t]), values);
        }
        return model;
    }

    private static float[] all(ModelSource model) {
        float[] all = new float[0];
        for (var tensor : model.tensors().values()) {
            try (var arena = java.lang.foreign.Arena.ofConfined()) {
                int n = (int) tensor.shape().elements(), at = all.length;
                var to = arena.allocate(4L * n, 4);
                tensor.readF32(0, n, to);
                all = Arrays.copyOf(all, at + n);
                for (int i = 0; i < n; i++) all[at + i] = to.getAtIndex(java.lang.foreign.ValueLayout.JAVA_FLOAT, i);
            }
        }
        return all;
    }

    private static boolean[] top(float[] base, float[] expert, double fraction) {
        float[] d = new float[base.length];
        for (int i = 0; i < d.length; i++) d[i] = Math.abs(expert[i] - base[i]);
        float[] sorted = d.clone();
        Arrays.sort(sorted);
        boolean[] in = new boolean[d.length];
        float least = sorted[d.length - (int) (fraction * d.length)];
        for (int i = 0; i < d.length; i++) in[i] = d[i] > 0 && d[i] >= least;
        return in;
    }

    @Test
    void setsAndOverlapsAreThoseOfSorting() {
        for (boolean coarse : new boolean[] {true, false}) {
            List<MemoryModel> experts = List.of(model("a", 2, coarse), model("b", 3, coarse), model("c", 4, coarse));
            MemoryModel base = model("base", 0, coarse);
            Changes found = Changes.measure(base, experts, SETS, 2, _ -> {});
            float[] from = all(base);
            for (int k = 0; k < SETS.length; k++) {
                for (int a = 0; a < 3; a++) {
                    boolean[] mine = top(from, all(experts.get(a)), SETS[k]);
                    assertEquals(count(mine, mine), found.total(a).top()[k]);
                    for (int b = 0; b < 3; b++) {
                        if (a == b) continue;
                        boolean[] other = top(from, all(experts.get(b)), SETS[k]);
                        Overlap overlap = found.overlap(a, b, k);
                        assertEquals(count(mine, other), overlap.both());
                        double n = from.length, x = count(mine, mine), y = count(other, other);
                        assertEquals(x / n * y / (x + y - x / n * y), overlap.chance(), 1e-12);
                        assertTrue(Math.abs(overlap.jaccard() / overlap.chance() - 1) < (k == 0 ? 0.5 : 0.15), "independent experts share what chance gives: " + overlap);
                    }
                }
            }
        }
    }

    private static long count(boolean[] a, boolean[] b) {
        long count = 0;
        for (int i = 0; i < a.length; i++) if (a[i] && b[i]) count++;
        return count;
    }

    @Test
    void measuresHaveTheirClosedForms() {
        MemoryModel base = new MemoryModel("base").with("model.layers.0.mlp.up_proj.weight", DType.F32, Shape.of(2, 3), 1, 1, 1, 1, 1, 1).with("model.norm.weight", 2, 2);
        MemoryModel a = new MemoryModel("a").with("model.layers.0.mlp.up_proj.weight", DType.F32, Shape.of(2, 3), 1, 1, 1, 1, 5, 1).with("model.norm.weight", 2, 2);
        MemoryModel b = new MemoryModel("b").with("model.layers.0.mlp.up_proj.weight", DType.F32, Shape.of(2, 3), 4, 1, 1, 1, -3, 1).with("model.norm.weight", 2, 3);
        Changes found = Changes.measure(base, List.of(a, b), new double[] {0.2}, 1, _ -> {});
        TensorChanges up = found.tensors().getFirst();
        Sums first = up.experts().get(0);
        assertEquals(4.0 / 6, first.mean(), 0);
        assertEquals(Math.sqrt(16.0 / 6), first.relative(), 1e-15);
        assertEquals(1, first.rows().strongest());
        assertEquals(1, first.columns().strongest());
        assertEquals(1, first.rows().share(), 0);
        assertEquals(-16.0 / (4 * 5), found.cosine(0, 1, List.of(up)), 1e-15);
        assertEquals(-16.0 / (4 * Math.sqrt(26)), found.cosine(1, 0, found.tensors()), 1e-15);
        assertEquals(Double.NaN, found.cosine(0, 1, found.tensors().subList(1, 2)));
        // one of eight changes: both experts' is the same element
        assertEquals(1, found.overlap(0, 1, 0).jaccard(), 0);
        assertEquals(1 / 6.0 / (2 - 1 / 6.0), found.overlap(0, 1, 0).byTensor(), 1e-15);
        assertEquals(List.of(), found.left());
    }

    @Test
    void threadsChangeNoBit() {
        MemoryModel base = model("base", 1, false);
        List<MemoryModel> experts = List.of(model("a", 2, false), model("b", 3, false));
        Changes one = Changes.measure(base, experts, SETS, 1, _ -> {}), three = Changes.measure(base, experts, SETS, 3, _ -> {});
        for (int t = 0; t < one.tensors().size(); t++) {
            for (int e = 0; e < 2; e++) {
                Sums x = one.tensors().get(t).experts().get(e), y = three.tensors().get(t).experts().get(e);
                assertEquals(x.squares(), y.squares(), 0);
                assertEquals(x.absolute(), y.absolute(), 0);
                assertArrayEquals(x.top(), y.top());
                assertEquals(x.rows(), y.rows());
            }
            assertArrayEquals(one.tensors().get(t).products(), three.tensors().get(t).products(), 0);
        }
    }

    @Test
    void whatCannotBeComparedIsNamed() {
        MemoryModel base = new MemoryModel("base").with("w", 1, 2).with("v", 1);
        Changes found = Changes.measure(base, List.of(new MemoryModel("a").with("w", 1, 3)), new double[] {0.5}, 1, _ -> {});
        assertEquals(List.of("not in a: v"), found.left());
        assertThrows(RequestException.class, () -> Changes.measure(base, List.of(new MemoryModel("a").with("w", 1)), new double[] {0.5}, 1, _ -> {}));
    }
}
