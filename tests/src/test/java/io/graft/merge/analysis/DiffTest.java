package io.graft.merge.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class DiffTest {

    private static final String Q = "model.layers.0.self_attn.q_proj.weight";

    /** 3-4-5: every measure of two small vectors, worked out by hand. */
    @Test
    void measuresTwoVectorsAsByHand() {
        Comparison c = one(new float[] {3, 4, 0, 0}, new float[] {3, -4, 0, 6}, null);
        assertEquals(10, c.norm(), 0); // (0, -8, 0, 6)
        assertEquals(2, c.relative(), 0); // 10 / 5
        assertEquals(-7 / (5 * Math.sqrt(61)), c.cosine(), 1e-15); // (9 - 16) / (5 * sqrt 61)
        assertEquals(1.0 / 3, c.signAgreement(), 0); // of three that are not zero in both, the first agrees
        assertEquals(0.5, c.changed(), 0);
        assertEquals(4, c.elements());
    }

    @Test
    void measuresTaskVectorsWhereThereIsABase() {
        Comparison c = one(new float[] {1, 2, 5}, new float[] {1, 2, 1}, new float[] {1, 0, 2});
        assertEquals(Math.sqrt(4 + 9), c.firstNorm(), 0); // (0, 2, 3)
        assertEquals(Math.sqrt(4 + 1), c.secondNorm(), 0); // (0, 2, -1)
        assertEquals(Math.sqrt(13) / Math.sqrt(5), c.firstRelative(), 0);
        assertEquals(1 / Math.sqrt(65), c.cosine(), 1e-15);
        assertEquals(0.5, c.signAgreement(), 0);
        assertEquals(4, c.norm(), 0);
    }

    /**
     * Sums of n terms in two orders differ by at most n times half a unit in the last place of the sum of magnitudes, and
     * here all terms but the products are positive.
     */
    @Test
    void largeTensorsEqualAPlainSum() {
        int n = 3 * Diff.BLOCK + 7;
        float[] a = random(n, 1), b = random(n, 2), base = random(n, 3);
        double reference = 0, first = 0, second = 0, product = 0, magnitude = 0;
        long agree = 0;
        for (int i = 0; i < n; i++) {
            double x = (double) a[i] - base[i], y = (double) b[i] - base[i];
            reference += (double) base[i] * base[i];
            first += x * x;
            second += y * y;
            product += x * y;
            magnitude += Math.abs(x * y);
            if (Math.signum(x) == Math.signum(y)) agree++;
        }
        Comparison c = one(a, b, base);
        double bound = n * 0x1p-53;
        assertEquals(reference, c.reference(), reference * bound);
        assertEquals(first, c.first(), first * bound);
        assertEquals(second, c.second(), second * bound);
        assertEquals(product, c.product(), magnitude * bound);
        assertEquals(agree, c.agree());
        assertEquals(n, c.elements());
    }

    @Test
    void theBitsDoNotDependOnTheThreads() {
        int n = 5 * Diff.BLOCK + 11;
        MemoryModel a = new MemoryModel("a").with(Q, random(n, 1)).with("x", random(9, 2)), b = new MemoryModel("b").with(Q, random(n, 3)).with("x", random(9, 4));
        ModelComparison alone = Diff.compare(a, b, Optional.empty(), 1, _ -> { });
        for (int threads : new int[] {2, 3, 8}) assertEquals(alone, Diff.compare(a, b, Optional.empty(), threads, _ -> { }));
    }

    @Test
    void progressCountsEveryElement() {
        AtomicLong seen = new AtomicLong();
        MemoryModel a = new MemoryModel("a").with(Q, random(Diff.BLOCK + 1, 1)).with("y", 1, 2);
        Diff.compare(a, a, Optional.of(a), 2, seen::addAndGet);
        assertEquals(Diff.BLOCK + 3, seen.get());
        assertEquals(seen.get(), Diff.elements(a, a, Optional.of(a)));
    }

    @Test
    void whatCannotBeComparedIsSaid() {
        MemoryModel a = new MemoryModel("a").with(Q, 1, 2).with("only.a", 1).with("wide", 1, 2).with("ids", DType.I64, Shape.of(1), 1);
        MemoryModel b = new MemoryModel("b").with(Q, 1, 2).with("wide", 1, 2, 3).with("ids", DType.I64, Shape.of(1), 1).with("only.b", 1);
        ModelComparison found = Diff.compare(a, b, Optional.empty(), 1, _ -> { });
        assertEquals(List.of("only in A: only.a", "shapes differ: wide [1, 2] and [1, 3]", "not a float that Graft computes with: ids I64", "only in B: only.b"), found.left());
        assertEquals(1, found.tensors().size());
        assertThrows(RequestException.class, () -> Diff.compare(new MemoryModel("a").with("p", 1), new MemoryModel("b").with("q", 1), Optional.empty(), 1, _ -> { }));
    }

    @Test
    void infiniteAndUndefinedValuesAreCountedAndLeftOut() {
        Comparison c = one(new float[] {3, Float.NaN, 4}, new float[] {3, 1, Float.POSITIVE_INFINITY}, null);
        assertEquals(2, c.odd());
        assertEquals(1, c.elements());
        assertEquals(1, c.cosine(), 0);
    }

    @Test
    void anEmptyTensorIsNothing() {
        MemoryModel a = new MemoryModel("a").with("none", DType.F32, Shape.of(0, 3)).with("one", 1);
        assertEquals(Comparison.NONE, Diff.compare(a, a, Optional.empty(), 2, _ -> { }).tensors().getFirst().result());
    }

    @Test
    void aFailureInAnyThreadIsThrownToTheCaller() {
        MemoryModel a = new MemoryModel("a").with(Q, random(4 * Diff.BLOCK, 1));
        MemoryModel lies = new MemoryModel("b").with(Q, DType.F32, Shape.of(1, 4L * Diff.BLOCK), 1f);
        assertThrows(IndexOutOfBoundsException.class, () -> Diff.compare(a, lies, Optional.empty(), 3, _ -> { }));
    }

    @Test
    void cellsSumExpertsOfAMixtureAndKeepLayersInOrder() {
        MemoryModel a = new MemoryModel("a"), b = new MemoryModel("b");
        for (int layer : new int[] {10, 2}) {
            for (int expert = 0; expert < 3; expert++) {
                a.with("model.layers." + layer + ".mlp.experts." + expert + ".up_proj.weight", 0, 1);
                b.with("model.layers." + layer + ".mlp.experts." + expert + ".up_proj.weight", 2, 1);
            }
        }
        ModelComparison found = Diff.compare(a, b, Optional.empty(), 1, _ -> { });
        assertEquals(List.of(2, 10), found.layers());
        assertEquals(List.of("mlp.experts.*.up_proj"), found.modules());
        assertEquals(Math.sqrt(12), found.cells().get(new Place(2, "mlp.experts.*.up_proj")).norm(), 0);
        assertEquals(Math.sqrt(24), found.total().norm(), 0);
        assertTrue(found.outside().isEmpty());
    }

    private static Comparison one(float[] a, float[] b, float[] base) {
        Optional<io.graft.formats.model.ModelSource> origin = base == null ? Optional.empty() : Optional.of(new MemoryModel("base").with(Q, base));
        return Diff.compare(new MemoryModel("a").with(Q, a), new MemoryModel("b").with(Q, b), origin, 2, _ -> { }).tensors().getFirst().result();
    }

    private static float[] random(int n, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) values[i] = (float) (random.nextDouble() - 0.5);
        return values;
    }
}
