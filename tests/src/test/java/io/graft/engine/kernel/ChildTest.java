package io.graft.engine.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RunException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Owner;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.engine.model.Batch;
import io.graft.engine.model.CausalLm;
import io.graft.engine.model.KvCache;
import io.graft.engine.model.Session;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.safetensors.SafetensorsModel;
import io.graft.formats.weights.ModelWeights;
import io.graft.tests.Fixtures;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What needs a JVM of its own: other flags than the suite's, and files that shrink under compiled kernels. */
class ChildTest {

    private static final String VECTOR = "--add-modules=jdk.incubator.vector", NATIVE = "--enable-native-access=";

    @TempDir
    Path folder;

    @Test
    void withoutTheVectorModuleItRunsScalarAndWarnsOnceWithTheFlag() throws Exception {
        for (boolean modules : new boolean[] {false, true}) {
            String said = child(modules, List.of(), "say");
            assertTrue(said.contains("SAID scalar"), said);
            assertEquals(2, said.split("--add-modules jdk.incubator.vector", -1).length, said);
        }
    }

    @Test
    void withoutNativeAccessItUsesCheckedSegmentsAndOtherwiseRawAddresses() throws Exception {
        for (boolean modules : new boolean[] {false, true}) {
            String checked = child(modules, List.of(VECTOR, "--illegal-native-access=deny"), "say");
            assertTrue(checked.contains("SAID vector") && checked.contains("checked segments"), checked);
            String raw = child(modules, List.of(VECTOR, NATIVE + (modules ? "io.graft.engine" : "ALL-UNNAMED")), "say");
            assertTrue(raw.contains("raw addresses"), raw);
            assertEquals(line(checked, "BITS"), line(raw, "BITS"));
        }
    }

    @Test
    void aFileTruncatedUnderCompiledKernelsIsAnErrorThatNamesIt() throws Exception {
        String access = NATIVE + "ALL-UNNAMED";
        List<List<String>> flags = new ArrayList<>(List.of(List.of(VECTOR, access), List.of(VECTOR, access, "-Dgraft.vector.bits=128")));
        flags.add(List.of(VECTOR, "--illegal-native-access=deny"));
        if (Boolean.getBoolean("graft.long")) flags.add(List.of(access, "-Dgraft.kernels=scalar"));
        for (List<String> some : flags) {
            String said = child(false, some, "truncate", folder.toString());
            assertEquals(3 * 6, said.lines().filter(line -> line.startsWith("CAUGHT")).count(), some + "\n" + said);
            assertFalse(said.contains("MISSED"), some + "\n" + said);
        }
    }

    /** Prompts, single tokens, losses and embeddings of a whole model, whose compiled code meets the end of the file somewhere in a layer. */
    @Test
    void aModelTruncatedUnderItsForwardPassIsAnErrorThatNamesTheFile() throws Exception {
        String access = NATIVE + "ALL-UNNAMED";
        for (List<String> some : List.of(List.of(VECTOR, access), List.of(VECTOR, access, "-Dgraft.vector.bits=128"))) {
            for (String checkpoint : new String[] {"llama", "llama_bf16"}) {
                Path weights = folder.resolve(checkpoint + some.size() + ".safetensors");
                Files.copy(Fixtures.requireCommitted("fixtures/checkpoints/" + checkpoint).resolve("model.safetensors"), weights);
                String said = child(false, some, "model", weights.toString(), Fixtures.requireCommitted("fixtures/checkpoints/" + checkpoint).resolve("config.json").toString());
                assertEquals(3, said.lines().filter(line -> line.startsWith("CAUGHT")).count(), checkpoint + " " + some + "\n" + said);
            }
        }
    }

    private static String line(String text, String start) { return text.lines().filter(line -> line.startsWith(start)).findFirst().orElseThrow(); }

    private static String child(boolean modules, List<String> flags, String... arguments) throws IOException, InterruptedException {
        Path tests = Fixtures.repository().resolve("tests/target/test-classes"), engine = Fixtures.repository().resolve("engine/target/classes");
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:ErrorFile=/dev/null", "-XX:-CreateCoredumpOnCrash"));
        command.addAll(flags);
        if (modules) command.addAll(List.of("--module-path", engine.toString(), "--add-modules", "io.graft.engine", "-cp", tests.toString()));
        else command.addAll(List.of("-cp", engine + java.io.File.pathSeparator + System.getProperty("java.class.path")));
        command.add(modules ? "io.graft.tests.KernelChild" : ChildTest.class.getName());
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(300, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), command + "\n" + said);
        return said;
    }

    /** The child on the class path. */
    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "say" -> io.graft.tests.KernelChild.main(arguments);
            case "model" -> truncateModel(Path.of(arguments[1]), Path.of(arguments[2]));
            default -> truncate(Path.of(arguments[1]));
        }
    }

    private static void truncateModel(Path weights, Path config) throws Exception {
        ModelSource source = SafetensorsModel.open(weights);
        try (Kernels kernels = Kernels.open(null, 2); CausalLm lm = new CausalLm(Architectures.of("config.json", Json.readObject(config)), ModelWeights.of(source), kernels);
                Session session = lm.session(32)) {
            int[] ids = new int[16], all = new int[16];
            java.util.Arrays.setAll(ids, i -> 3 * i + 1);
            java.util.Arrays.setAll(all, i -> i);
            Map<String, Runnable> passes = new LinkedHashMap<>();
            passes.put("prefill", () -> forward(session, ids, 16, () -> session.logits(new int[] {15}, 1, (_, _) -> { })));
            passes.put("decode", () -> forward(session, ids, 1, () -> session.logits(new int[] {0}, 1, (_, _) -> { })));
            passes.put("losses", () -> forward(session, ids, 16, () -> session.losses(all, ids, new float[16], null)));
            for (int i = 0; i < 1500; i++) passes.values().forEach(Runnable::run);
            new ProcessBuilder("truncate", "-s", "4096", weights.toString()).start().waitFor();
            passes.forEach((name, pass) -> {
                int caught = 0;
                for (int i = 0; i < 50; i++) {
                    try {
                        pass.run();
                    } catch (RunException error) {
                        if (error.getMessage().contains(weights.toString())) caught++;
                    }
                }
                System.out.println((caught == 50 ? "CAUGHT " : "MISSED ") + name + " " + caught);
            });
        }
    }

    private static void forward(Session session, int[] ids, int count, Runnable then) {
        try (KvCache text = session.cache(count)) {
            session.run(new Batch().add(text, ids, 0, count));
            then.run();
        }
    }

    private static void truncate(Path folder) throws Exception {
        try (Kernels kernels = Kernels.open(null, 2)) {
            for (DType type : new DType[] {DType.F32, DType.BF16, DType.F16}) {
                for (String what : new String[] {"few", "many", "product", "embed", "loss", "gain"}) {
                    Path file = folder.resolve(type + what);
                    int n = 512, k = 256;
                    Files.write(file, new byte[(int) type.bytes((long) n * k)]);
                    Owner owner;
                    try (FileChannel channel = FileChannel.open(file)) {
                        owner = Owner.map(file, channel, 0, Files.size(file));
                    }
                    Tensor weight = Tensor.view("weight", type, Shape.of(n, k), owner, 0), gain = Tensor.view("gain", type, Shape.of((long) n * k), owner, 0);
                    try (Tensor x = Sample.filled("x", 1, 16, k); Tensor y = Sample.filled("y", 1, 16, n); Tensor z = Sample.filled("z", 1, 16, k);
                            Tensor wide = Sample.filled("wide", 1, 1, (long) n * k); Tensor loss = Sample.filled("loss", 1, 16); Tensor sum = Sample.filled("sum", 1, 16)) {
                        int[] ids = new int[16];
                        java.util.Arrays.setAll(ids, i -> n - 1 - i);
                        Runnable kernel = () -> {
                            switch (what) {
                                case "few" -> kernels.linear(x.rows(0, 1), weight, null, y.rows(0, 1));
                                case "many" -> kernels.linear(x, weight, null, y);
                                case "product" -> kernels.matmul(y, false, weight, false, z, false);
                                case "embed" -> kernels.embed(weight, ids, 1, z);
                                case "loss" -> kernels.crossEntropy(x, weight, 1, 0, ids, loss, sum, null);
                                default -> kernels.rmsNorm(wide, gain, 1, false, wide);
                            }
                        };
                        int warm = what.equals("embed") ? 2000 : what.equals("few") ? 300 : 120;
                        for (int i = 0; i < warm; i++) kernel.run();
                        new ProcessBuilder("truncate", "-s", "4096", file.toString()).start().waitFor();
                        int caught = 0;
                        for (int i = 0; i < 20; i++) {
                            try {
                                kernel.run();
                            } catch (RunException error) {
                                if (error.getMessage().contains(file.toString())) caught++;
                            }
                        }
                        System.out.println((caught == 20 ? "CAUGHT " : "MISSED ") + type + " " + what + " " + caught);
                    }
                    owner.close();
                }
            }
        }
    }
}
