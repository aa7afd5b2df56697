package io.graft.merge.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RunException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Owner;
import io.graft.formats.huggingface.HuggingFaceFolder;
import io.graft.formats.model.SourceTensor;
import io.graft.merge.method.MersenneTwister;
import io.graft.merge.plan.Keep;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.plan.Operation;
import io.graft.merge.plan.TensorPlan;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Methods that keep some elements of task vectors, on tensors larger than a chunk, whose differences have many equals (BF16) or few (F32). */
class SparseMergeTest {

    private static final long[] SIZES = {1, 0, 2047, 65537, 1_060_007};
    private static final List<String> METHODS = List.of("ties", "breadcrumbs", "dare_ties", "rollback", "pooled");

    @TempDir
    Path folder;

    /** The oracle sorts; bits of F32 must be equal, but where a factor comes from a sum: two roundings of it. */
    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16"})
    void everyMethodIsThatOfAPlainLoopAndNeitherThreadsNorMemoryChangeABit(DType dtype) throws IOException {
        Trio.write(folder, dtype, SIZES);
        for (String method : METHODS) {
            byte[] first = null;
            for (int threads : new int[] {1, 3}) {
                Path out = folder.resolve("out");
                try (MergePlan plan = Trio.plan(folder, method, DType.F32)) {
                    Merge.run(plan, out, MergeOptions.defaults().withThreads(threads).withMemory(threads == 1 ? MergeOptions.DEFAULT_MEMORY : 200_000).withForce(true));
                    if (first == null) compare(plan, out);
                }
                byte[] bytes = Files.readAllBytes(out.resolve("model.safetensors"));
                if (first == null) first = bytes;
                assertArrayEquals(first, bytes, method + " with " + threads + " threads");
            }
        }
    }

    private static void compare(MergePlan plan, Path out) {
        float[] pool = new float[0];
        for (TensorPlan tensor : plan.tensors()) {
            if (!(tensor.operation() instanceof Operation.Rollback rollback && rollback.pooled())) continue;
            float[] d = difference(rollback.base(), rollback.expert());
            int at = pool.length;
            pool = Arrays.copyOf(pool, at + d.length);
            System.arraycopy(d, 0, pool, at, d.length);
        }
        boolean[] inPool = pool.length == 0 ? null : largest(pool, 350_001);
        int at = 0;
        try (HuggingFaceFolder merged = HuggingFaceFolder.open(out)) {
            for (TensorPlan tensor : plan.tensors()) {
                Operation.Sparse sparse = (Operation.Sparse) tensor.operation();
                double[] found = Golden.values(merged.tensors().get(tensor.name()));
                float[] expected = inPool == null ? expected(sparse) : chosen(sparse, Arrays.copyOfRange(inPool, at, at += found.length));
                boolean rescaled = sparse.parts().stream().anyMatch(Operation.Part::rescale);
                for (int i = 0; i < found.length; i++) assertEquals(expected[i], found[i], rescaled ? 0x1p-22 : 0, plan.method() + " " + tensor.name() + "[" + i + "]");
            }
        }
    }

    private static float[] chosen(Operation.Sparse sparse, boolean[] kept) {
        float[] base = floats(sparse.base()), expert = floats(sparse.parts().getFirst().tensor());
        for (int i = 0; i < base.length; i++) if (kept[i]) base[i] = expert[i];
        return base;
    }

    private static float[] expected(Operation.Sparse sparse) {
        if (sparse instanceof Operation.Rollback rollback) return chosen(sparse, largest(difference(rollback.base(), rollback.expert()), rollback.keep()));
        Operation.TaskVectors task = (Operation.TaskVectors) sparse;
        float[] base = floats(task.base());
        float[][] p = new float[2][];
        for (int part = 0; part < 2; part++) {
            Operation.Part each = task.parts().get(part);
            float[] d = difference(task.base(), each.tensor());
            boolean[] kept = kept(each.keep(), d);
            double all = 0, some = 0;
            for (int i = 0; i < d.length; i++) {
                all += Math.abs(d[i]);
                if (kept[i]) some += Math.abs(d[i]);
            }
            float factor = each.rescale() && all >= 1e-7 && some >= 1e-7 ? (float) (all / some) : 1;
            for (int i = 0; i < d.length; i++) d[i] = (kept[i] ? d[i] : 0) * factor * each.weight();
            p[part] = d;
        }
        for (int i = 0; i < base.length; i++) {
            float votes = 0 + p[0][i] + p[1][i], mix = 0, weights = 0;
            for (int part = 0; part < 2; part++) {
                if (task.consensus() && (p[part][i] == 0 || (p[part][i] > 0) != (votes >= 0))) continue;
                mix += p[part][i];
                weights += task.parts().get(part).weight();
            }
            if (task.normalize() && weights != 0) mix /= weights;
            base[i] = base[i] + mix * task.lambda();
        }
        return base;
    }

    private static boolean[] kept(Keep keep, float[] d) {
        boolean[] kept = new boolean[d.length];
        switch (keep) {
            case Keep.All _ -> Arrays.fill(kept, true);
            case Keep.Largest(long most, long drop) -> {
                kept = largest(d, most);
                boolean[] dropped = largest(d, drop);
                for (int i = 0; i < d.length; i++) kept[i] &= !dropped[i];
            }
            case Keep.Random(float density, long seed, long first) -> {
                MersenneTwister random = new MersenneTwister(seed);
                int[] draws = new int[Math.toIntExact(first + d.length)];
                random.draw(draws, draws.length);
                for (int i = 0; i < d.length; i++) kept[i] = (draws[(int) first + i] & 0xffffff) / (float) (1 << 24) < density;
            }
        }
        return kept;
    }

    private static boolean[] largest(float[] d, long k) {
        boolean[] in = new boolean[d.length];
        if (k == 0) return in;
        float[] sorted = new float[d.length];
        for (int i = 0; i < d.length; i++) sorted[i] = Math.abs(d[i]);
        Arrays.sort(sorted);
        float last = sorted[d.length - (int) k];
        long room = k;
        for (int i = 0; i < d.length; i++) if (Math.abs(d[i]) > last) room--;
        for (int i = 0; i < d.length; i++) in[i] = Math.abs(d[i]) > last || Math.abs(d[i]) == last && room-- > 0; // of equals the first
        return in;
    }

    private static float[] difference(SourceTensor base, SourceTensor expert) {
        float[] b = floats(base), x = floats(expert);
        for (int i = 0; i < b.length; i++) x[i] -= b[i];
        return x;
    }

    private static float[] floats(SourceTensor tensor) {
        double[] values = Golden.values(tensor);
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) floats[i] = (float) values[i];
        return floats;
    }

    @Test
    void anUnwrittenMergeHasTheBitsOfTheWrittenOneWhateverPartIsReadFirst() throws IOException {
        Trio.write(folder, DType.BF16, SIZES);
        for (String method : METHODS) {
            Path out = folder.resolve(method);
            try (MergePlan plan = Trio.plan(folder, method, DType.BF16)) {
                Merge.run(plan, out, MergeOptions.defaults());
            }
            try (HuggingFaceFolder written = HuggingFaceFolder.open(out); VirtualMerge merge = new VirtualMerge("x.yml", Trio.plan(folder, method, DType.BF16)); Arena arena = Arena.ofConfined()) {
                for (SourceTensor tensor : written.tensors().reversed().values()) {
                    int n = (int) tensor.shape().elements(), from = Math.max(0, n - 600_003);
                    var read = arena.allocate(4L * n, 4);
                    merge.tensors().get(tensor.name()).readF32(from, n - from, read.asSlice(4L * from));
                    merge.tensors().get(tensor.name()).readF32(0, from, read);
                    double[] expected = Golden.values(tensor);
                    for (int i = 0; i < n; i++) assertEquals(expected[i], read.getAtIndex(ValueLayout.JAVA_FLOAT, i), 0, method + " " + tensor.name() + "[" + i + "]");
                }
            }
        }
    }

    /** The same numbers as numpy's and torch's: the generator's paper gives these for its default seed. */
    @Test
    void theGeneratorIsMt19937() {
        int[] draws = new int[10_000];
        new MersenneTwister(5489).draw(draws, draws.length);
        assertEquals(3499211612L, Integer.toUnsignedLong(draws[0]));
        assertEquals(581869302L, Integer.toUnsignedLong(draws[1]));
        assertEquals(4123659995L, Integer.toUnsignedLong(draws[9_999]));
        for (long skipped : new long[] {0, 1, 623, 624, 625, 1248, 9_998}) {
            MersenneTwister random = new MersenneTwister(5489);
            random.skip(skipped);
            int[] one = new int[1];
            random.copy().draw(one, 1);
            assertEquals(draws[(int) skipped], one[0]);
            random.draw(one, 1);
            assertEquals(draws[(int) skipped], one[0]);
            assertEquals(skipped + 1, random.position());
        }
    }

    /** What a failed pass has counted is forgotten, and the tensor stays unreadable. */
    @Test
    void aFailedPassIsAnErrorEachTime() throws IOException {
        Trio.write(folder, DType.F32, 300_000);
        long live = Owner.liveBytes();
        try (VirtualMerge merge = new VirtualMerge("x.yml", Trio.plan(folder, "ties", DType.F32)); Arena arena = Arena.ofConfined()) {
            try (FileChannel file = FileChannel.open(folder.resolve("b/model.safetensors"), StandardOpenOption.WRITE)) {
                file.truncate(600_000);
            }
            var to = arena.allocate(400, 4);
            for (int i = 0; i < 2; i++) assertThrows(RunException.class, () -> merge.tensors().firstEntry().getValue().readF32(0, 100, to));
        }
        assertTrue(Owner.liveBytes() <= live);
    }
}
