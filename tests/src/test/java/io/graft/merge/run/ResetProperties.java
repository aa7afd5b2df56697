package io.graft.merge.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import io.graft.formats.huggingface.HuggingFaceFolder;
import io.graft.formats.model.SourceTensor;
import io.graft.merge.Recipes;
import io.graft.merge.plan.MergePlan;
import io.graft.tests.kit.Checkpoints;
import io.graft.tests.kit.Checkpoints.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeTry;

/** What must be true of resets of any expert. */
class ResetProperties {

    private static final int TRIES = 20;

    private Path folder, base, expert;

    @Provide
    Arbitrary<List<Checkpoint>> pairs() { return Checkpoints.families(2); }

    @Provide
    Arbitrary<List<String>> modules() { return Arbitraries.of("attention", "mlp", "norm").set().ofMinSize(1).ofMaxSize(2).map(List::copyOf); }

    @BeforeTry
    void freshFolder() throws IOException {
        deleteFolder();
        folder = Files.createTempDirectory("graft-reset");
    }

    @AfterProperty
    void deleteFolder() throws IOException {
        if (folder == null) return;
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) Files.delete(each);
        }
    }

    private void write(List<Checkpoint> pair) {
        base = pair.get(0).write(folder.resolve("base"));
        expert = pair.get(1).write(folder.resolve("expert"));
    }

    private Path reset(String name, Path of, String keys) throws IOException {
        Path file = Files.writeString(folder.resolve(name + ".yml"), "merge_method: reset\nbase_model: " + base + "\nexpert: " + of + "\n" + keys);
        try (MergePlan plan = Models.plan(file)) {
            Merge.run(plan, folder.resolve(name), MergeOptions.defaults().withThreads(2));
        }
        return folder.resolve(name);
    }

    @Property(tries = TRIES)
    void nothingLeavesTheExpertAndEverythingGivesTheBase(@ForAll("pairs") List<Checkpoint> pair) throws IOException {
        write(pair);
        assertSameBits(expert, reset("none", expert, "layers: []\n"));
        assertSameBits(expert, reset("kept", expert, "keep_fraction: 1\n"));
        assertSameBits(base, reset("all", expert, "layers: 0-" + (pair.getFirst().layers() - 1) + "\nnon_layer: [embeddings, final_norm, lm_head]\n"));
        assertSameBits(base, reset("all2", expert, "keep_fraction: 0\n"));
        assertSameBits(base, reset("all3", expert, "modules: [attention, mlp, norm]\nnon_layer: [embeddings, final_norm, lm_head]\n"));
    }

    @Property(tries = TRIES)
    void twiceIsOnceAndTheComplementOfAResetResetsTheRest(@ForAll("pairs") List<Checkpoint> pair, @ForAll("modules") List<String> modules, @ForAll @DoubleRange(min = 0, max = 1) double at) throws IOException {
        write(pair);
        int layer = (int) (at * (pair.getFirst().layers() - 1));
        String keys = "layers: 0-" + layer + "\nmodules: " + modules + "\n";
        Path once = reset("once", expert, keys);
        assertSameBits(once, reset("twice", once, keys));
        List<String> rest = new ArrayList<>(List.of("attention", "mlp", "norm"));
        rest.removeAll(modules);
        Path both = reset("both", once, "layers: 0-" + layer + "\nmodules: " + rest + "\n");
        assertSameBits(reset("whole", expert, "layers: 0-" + layer + "\n"), both);
    }

    /** trunc(f N) changes stay, all of them at least as large as all that went, and what stays or goes has its own bits. */
    @Property(tries = TRIES)
    void theLargestChangesStay(@ForAll("pairs") List<Checkpoint> pair, @ForAll @DoubleRange(min = 0, max = 1) double fraction, @ForAll boolean pooled) throws IOException {
        write(pair);
        Path out = reset("part", expert, "keep_fraction: " + fraction + "\nscope: " + (pooled ? "all" : "tensor") + "\n");
        long all = 0, stayed = 0;
        double least = Double.POSITIVE_INFINITY, most = 0;
        try (HuggingFaceFolder b = HuggingFaceFolder.open(base); HuggingFaceFolder e = HuggingFaceFolder.open(expert); HuggingFaceFolder o = HuggingFaceFolder.open(out)) {
            for (SourceTensor tensor : e.tensors().values()) {
                double[] from = Golden.values(b.tensors().get(tensor.name())), to = Golden.values(tensor), found = Golden.values(o.tensors().get(tensor.name()));
                long kept = 0, same = 0;
                double smallest = Double.POSITIVE_INFINITY, largest = 0;
                for (int i = 0; i < to.length; i++) {
                    double change = Math.abs((float) to[i] - (float) from[i]);
                    if (to[i] == from[i]) same++;
                    else if (found[i] == to[i]) {
                        kept++;
                        smallest = Math.min(smallest, change);
                    } else {
                        assertEquals(from[i], found[i], 0);
                        largest = Math.max(largest, change);
                    }
                }
                if (!pooled) {
                    long expected = (long) (fraction * to.length);
                    assertTrue(kept <= expected && expected <= kept + same, kept + " of " + to.length + " stay");
                    assertTrue(smallest >= largest, tensor.name());
                }
                all += to.length;
                stayed += kept;
                least = Math.min(least, smallest);
                most = Math.max(most, largest);
            }
        }
        if (pooled) {
            assertTrue(least >= most);
            assertTrue(Math.abs(stayed - (long) (fraction * all)) <= all / 100 + 1, "but for equal elements");
        }
    }


    @Property(tries = 5)
    void wrongKeysAreRefused(@ForAll("pairs") List<Checkpoint> pair) {
        write(pair);
        String b = base.toString(), x = expert.toString();
        assertThrows(RequestException.class, () -> Recipes.reset(x, b).build());
        for (String keys : List.of("scope: all", "keep_fraction: 1.5", "layers: 0-99", "layers: x", "modules: [mpl]", "non_layer: [head]", "models: []", "bottom: 1")) {
            Path file = folder.resolve("wrong.yml");
            RequestException refused = assertThrows(RequestException.class, () -> {
                Files.writeString(file, "merge_method: reset\nbase_model: " + b + "\nexpert: " + x + "\nlayers: [0]\n".replace("layers: [0]\n", keys.startsWith("layers") ? "" : "layers: [0]\n") + keys + "\n");
                Models.plan(file).close();
            });
            assertTrue(refused.getMessage().contains("wrong.yml:"), refused.getMessage());
        }
    }

    private static void assertSameBits(Path expected, Path found) {
        try (HuggingFaceFolder e = HuggingFaceFolder.open(expected); HuggingFaceFolder f = HuggingFaceFolder.open(found)) {
            assertEquals(e.tensors().keySet(), f.tensors().keySet());
            for (SourceTensor tensor : e.tensors().values()) assertArrayEquals(Golden.bytes(tensor), Golden.bytes(f.tensors().get(tensor.name())), tensor.name());
        }
    }
}
