package io.graft.merge.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Owner;
import io.graft.formats.huggingface.HuggingFaceFolder;
import io.graft.formats.model.SourceTensor;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.plan.TensorPlan;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MergeTest {

    /** Around the sizes of a block, a piece and a reduction; the last takes several of each. */
    private static final long[] SIZES = {1, 0, 2047, 2048, 32769, 65537, 200_003, 65536, 3};

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    void threadsAndMemoryDoNotChangeABit(DType dtype) throws IOException {
        Trio.write(folder, dtype, SIZES);
        for (String method : List.of("mixed", "slerp")) {
            byte[] first = null;
            for (int threads : new int[] {1, 2, 3, 5}) {
                for (long memory : new long[] {MergeOptions.DEFAULT_MEMORY, 200_000, 40_000}) {
                    Path out = folder.resolve("out");
                    try (MergePlan plan = Trio.plan(folder, method, dtype)) {
                        MergeSummary done = Merge.run(plan, out, MergeOptions.defaults().withThreads(threads).withMemory(memory).withForce(true).withWriteThreads(threads / 2));
                        assertTrue(done.scratchBytes() <= memory);
                    }
                    byte[] bytes = Files.readAllBytes(out.resolve("model.safetensors"));
                    if (first == null) first = bytes;
                    assertArrayEquals(first, bytes, method + " with " + threads + " threads and " + memory + " bytes");
                }
            }
        }
        assertEquals(0, leftovers());
    }

    /** The oracle: one loop over doubles read by a reader of our own, in the arithmetic that {@link io.graft.merge.plan.Operation} states. */
    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    void everyOperationIsThatOfAPlainLoop(DType out) throws IOException {
        Trio.write(folder, DType.BF16, SIZES);
        for (String method : List.of("scale", "linear", "task_arithmetic", "blend", "sum")) {
            try (MergePlan plan = Trio.plan(folder, method, out)) {
                Merge.run(plan, folder.resolve(method), MergeOptions.defaults());
                try (HuggingFaceFolder merged = HuggingFaceFolder.open(folder.resolve(method))) {
                    for (TensorPlan tensor : plan.tensors()) {
                        double[] found = Golden.values(merged.tensors().get(tensor.name()));
                        List<double[]> in = tensor.operation().inputs().stream().map(Golden::values).toList();
                        for (int i = 0; i < found.length; i++) assertEquals(rounded(loop(method, in, i), out), found[i], method + " " + tensor.name() + "[" + i + "]");
                    }
                }
            }
        }
    }

    private static float loop(String method, List<double[]> in, int i) {
        float x = (float) in.get(0)[i], y = in.size() > 1 ? (float) in.get(1)[i] : 0, z = in.size() > 2 ? (float) in.get(2)[i] : 0;
        return switch (method) {
            case "scale" -> x * 0.3f;
            case "linear" -> (x * 0.6f + y * 0.3f) / (0.6f + 0.3f);
            case "task_arithmetic" -> x + ((y - x) * 0.6f + (z - x) * 0.3f) / (0.6f + 0.3f) * 0.7f;
            case "blend" -> (float) (x * (1 / 3.0) + y * (1 - 1 / 3.0));
            default -> x + y - z;
        };
    }

    private static float rounded(float value, DType dtype) {
        return switch (dtype) {
            case F16 -> Float.float16ToFloat(Float.floatToFloat16(value));
            case BF16 -> Float.intBitsToFloat((int) (Math.rint((Float.floatToRawIntBits(value) & 0xffffffffL) / 65536.0)) << 16);
            default -> value;
        };
    }

    @Test
    void shardsAreAsLargeAsAsked() throws IOException {
        Trio.write(folder, DType.BF16, SIZES);
        try (MergePlan plan = Trio.plan(folder, "mixed", DType.BF16)) {
            MergeSummary done = Merge.run(plan, folder.resolve("out"), MergeOptions.defaults().withShards(150_000));
            assertTrue(done.files() > 2);
            try (HuggingFaceFolder merged = HuggingFaceFolder.open(folder.resolve("out"))) {
                assertEquals(SIZES.length, merged.tensors().size());
            }
        }
        assertTrue(Files.readString(folder.resolve("out/README.md")).contains("merge_method: mixed"));
        assertEquals("merge_method: mixed\n", Files.readString(folder.resolve("out/mergekit_config.yml")));
    }

    @Test
    void anUnwrittenMergeHasTheBitsOfTheWrittenOne() throws IOException {
        Trio.write(folder, DType.BF16, SIZES);
        try (MergePlan plan = Trio.plan(folder, "mixed", DType.BF16)) {
            Merge.run(plan, folder.resolve("out"), MergeOptions.defaults());
        }
        try (HuggingFaceFolder written = HuggingFaceFolder.open(folder.resolve("out"));
                var weights = new VirtualMerge("mixed.yml", Trio.plan(folder, "mixed", DType.BF16)).weights()) {
            for (SourceTensor tensor : written.tensors().values())
                assertArrayEquals(Golden.bytes(tensor), weights.tensor(tensor.name()).segment().toArray(ValueLayout.JAVA_BYTE), tensor.name());
            assertTrue(weights.tensor("ta.weight").isMapped(), "a copy is the mapped file");
        }
    }

    @Test
    void aFolderThatIsNotEmptyStaysUnlessForced() throws IOException {
        Trio.write(folder, DType.F32, 5);
        Path out = Files.createDirectories(folder.resolve("out"));
        Files.writeString(out.resolve("mine.txt"), "mine");
        try (MergePlan plan = Trio.plan(folder, "linear", DType.F32)) {
            assertThrows(RequestException.class, () -> Merge.run(plan, out, MergeOptions.defaults()));
            assertTrue(Files.exists(out.resolve("mine.txt")));
            Merge.run(plan, out, MergeOptions.defaults().withForce(true));
            assertFalse(Files.exists(out.resolve("mine.txt")));
        }
        assertEquals(0, leftovers());
    }

    @Test
    void tooLittleMemoryIsToldBeforeAnythingIsWritten() throws IOException {
        Trio.write(folder, DType.F32, 50_000);
        try (MergePlan plan = Trio.plan(folder, "task_arithmetic", DType.F32)) {
            RequestException error = assertThrows(RequestException.class, () -> Merge.run(plan, folder.resolve("out"), MergeOptions.defaults().withMemory(1000)));
            assertTrue(error.getMessage().contains("at least"), error.getMessage());
        }
        assertFalse(Files.exists(folder.resolve("out")));
    }

    /** For copies and for each kind of arithmetic: another process cuts an input after the plan was made. */
    @Test
    void aFileThatIsTruncatedMeanwhileIsAnErrorThatNamesIt() throws IOException {
        for (String method : List.of("copy", "linear", "slerp", "blend", "ties", "pooled")) {
            Path place = Files.createDirectories(folder.resolve(method));
            Trio.write(place, DType.BF16, 300_000);
            long live = Owner.liveBytes();
            try (MergePlan plan = Trio.plan(place, method, DType.BF16)) {
                Path victim = place.resolve("a/model.safetensors");
                MergeOptions options = MergeOptions.defaults().watched(null, phase -> {
                    if (phase == MergeOptions.Phase.TENSORS) truncate(victim, 300_000);
                }, null);
                RunException error = assertThrows(RunException.class, () -> Merge.run(plan, place.resolve("out"), options));
                assertTrue(error.getMessage().contains("a/model.safetensors: ta.weight") && error.getMessage().contains("found 300000 bytes"), error.getMessage());
                assertEquals(live, Owner.liveBytes());
            }
            assertFalse(Files.exists(place.resolve("out")));
            try (Stream<Path> all = Files.list(place)) {
                assertEquals(3, all.count(), "nothing is left but the models");
            }
        }
    }

    private static void truncate(Path file, long bytes) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(bytes);
        } catch (IOException error) {
            throw new AssertionError(error);
        }
    }

    @Test
    void aRunThatIsAskedToStopLeavesNothing() throws IOException, InterruptedException {
        Trio.write(folder, DType.BF16, SIZES);
        Cancellation cancellation = new Cancellation();
        try (MergePlan plan = Trio.plan(folder, "linear", DType.BF16)) {
            MergeOptions options = MergeOptions.defaults().watched(_ -> cancellation.request(), null, cancellation);
            assertThrows(RunException.class, () -> Merge.run(plan, folder.resolve("out"), options));
        }
        assertTrue(cancellation.awaitRemoved(1));
        assertFalse(Files.exists(folder.resolve("out")));
        assertEquals(0, leftovers());
    }

    /** After so many calls C2's code runs; the mapping ends where the file does now. */
    @Test
    void registersReadATruncatedMappingAsAnError() throws IOException {
        Path file = folder.resolve("mapped");
        Files.write(file, new byte[1 << 20]);
        for (DType dtype : List.of(DType.F32, DType.BF16, DType.F16)) {
            for (boolean isPaired : new boolean[] {false, true}) {
                Files.write(file, new byte[1 << 20]);
                var registers = new io.graft.merge.method.Registers();
                try (Arena arena = Arena.ofConfined(); FileChannel channel = FileChannel.open(file)) {
                    MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, 1 << 20, arena), to = arena.allocate(8192);
                    for (int i = 0; i < 20_000; i++) registers.widen(dtype, mapped, (i % 50) * 8192L, to, 0, 2048);
                    registers.pair(isPaired);
                    truncate(file, 4096);
                    assertThrows(InternalError.class, () -> {
                        for (int i = 0; i < 50; i++) registers.widen(dtype, mapped, 500_000, to, 0, 2048);
                    });
                }
            }
        }
    }

    private long leftovers() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(path -> path.getFileName().toString().startsWith(".")).count();
        }
    }
}
