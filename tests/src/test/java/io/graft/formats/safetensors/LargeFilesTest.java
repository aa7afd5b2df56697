package io.graft.formats.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RunException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Owner;
import io.graft.engine.memory.Shape;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LargeFilesTest {

    @TempDir
    Path folder;

    @Test
    void theLargestHeadersOpenOrAreRefusedInAHeapOf256Megabytes() throws Exception {
        Path output = folder.resolve("out.txt"), errors = folder.resolve("err.txt");
        Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m", "--enable-native-access=ALL-UNNAMED", "-cp",
                System.getProperty("java.class.path"), LargeHeaders.class.getName(), folder.toString()).redirectOutput(output.toFile()).redirectError(errors.toFile()).start();
        assertTrue(child.waitFor(300, java.util.concurrent.TimeUnit.SECONDS), "the child does not end");
        assertEquals(0, child.exitValue(), Files.readString(errors));
        Map<String, String> results = new TreeMap<>();
        for (String line : Files.readAllLines(output)) results.put(line.substring(0, line.indexOf(' ')), line.substring(line.indexOf(' ') + 1));
        assertEquals(new TreeMap<>(Map.ofEntries(Map.entry("header_100MB_spaces", "ok 0 tensors, 0 bytes"), Map.entry("header_over_100MB", "HeaderTooLarge"),
                Map.entry("million_tensors", "ok 1000000 tensors, 1000000 bytes"), Map.entry("million_on_one_range", "InvalidOffset"), Map.entry("most_tensors", "ok 1700000 tensors, 0 bytes"),
                Map.entry("backwards", "ok 1000000 tensors, 1000000 bytes"), Map.entry("deep_1e6", "InvalidHeaderJson"), Map.entry("deep_in_unknown_field", "InvalidHeaderJson"),
                Map.entry("long_shape", "InvalidHeaderJson"), Map.entry("name_1MB", "ok 1 tensors, 4 bytes"), Map.entry("names_of_1MB", "ok 90 tensors, 90 bytes"),
                Map.entry("much_metadata", "HeaderTooLarge"))), results);
    }

    /** A file with its header and as many bytes as that promises, none of them written but the last. */
    private Path sparse(SafetensorsLayout layout, int last) throws IOException {
        Path file = folder.resolve("sparse.safetensors");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.write(ByteBuffer.wrap(layout.header()));
            channel.write(ByteBuffer.wrap(new byte[] {(byte) last}), layout.fileBytes() - 1);
        }
        return file;
    }

    @Test
    void aTensorOfOver2To31ElementsIsAnOrdinaryTensor() throws IOException {
        SafetensorsLayout layout = SafetensorsLayout.of(List.of(new SafetensorsLayout.Spec("big", DType.U8, Shape.of(3_000_000_000L))), null);
        try (SafetensorsFile file = SafetensorsFile.open(sparse(layout, 7))) {
            assertEquals(3_000_000_000L, file.tensor("big").shape().elements());
            assertEquals(7, file.tensor("big").segment().get(ValueLayout.JAVA_BYTE, 2_999_999_999L));
        }
    }

    @Test
    void theEndOfATensorOf2To33FloatsIsReadInItsPlace() throws IOException {
        SafetensorsLayout layout = SafetensorsLayout.of(List.of(new SafetensorsLayout.Spec("big", DType.F32, Shape.of(65536, 131072))), Map.of("format", "pt"));
        try (SafetensorsFile file = SafetensorsFile.open(sparse(layout, 0x40)); Owner two = Owner.allocate("two", 8)) {
            file.source("big").readF32((1L << 33) - 2, 2, two.segment());
            assertEquals(0f, two.segment().getAtIndex(ValueLayout.JAVA_FLOAT, 0));
            assertEquals(2f, two.segment().getAtIndex(ValueLayout.JAVA_FLOAT, 1));
            assertThrows(IndexOutOfBoundsException.class, () -> file.source("big").readF32((1L << 33) - 1, 2, two.segment()));
        }
    }

    @Test
    void aFileCutShortAfterOpeningIsAnErrorThatNamesFileTensorAndSizes() throws IOException {
        SafetensorsLayout layout = SafetensorsLayout.of(List.of(new SafetensorsLayout.Spec("w", DType.BF16, Shape.of(1 << 20))), null);
        Path path = sparse(layout, 1);
        try (SafetensorsFile file = SafetensorsFile.open(path); Owner block = Owner.allocate("block", 4 << 20)) {
            try (FileChannel cut = FileChannel.open(path, StandardOpenOption.WRITE)) {
                cut.truncate(1000);
            }
            RunException error = assertThrows(RunException.class, () -> file.source("w").readF32(0, 1 << 20, block.segment()));
            for (String part : new String[] {path.toString(), ": w:", layout.fileBytes() + " bytes", "1000 bytes now"}) assertTrue(error.getMessage().contains(part), error.getMessage());
            RunException written = assertThrows(RunException.class, () -> SafetensorsWriter.write(folder.resolve("copy.safetensors"), null, List.of(file.tensor("w"))));
            assertTrue(written.getMessage().contains("1000 bytes now"), written.getMessage());
            assertEquals(List.of(path), list(folder), "something was left behind");
        }
    }

    @Test
    void readingAfterClosingIsAnException() throws IOException {
        SafetensorsLayout layout = SafetensorsLayout.of(List.of(new SafetensorsLayout.Spec("w", DType.BF16, Shape.of(4))), null);
        SafetensorsFile file = SafetensorsFile.open(sparse(layout, 1));
        var source = file.source("w");
        var tensor = file.tensor("w");
        file.close();
        try (Owner block = Owner.allocate("block", 16)) {
            assertThrows(IllegalStateException.class, () -> source.readF32(0, 4, block.segment()));
        }
        assertThrows(IllegalStateException.class, tensor::acquire);
        assertThrows(IllegalStateException.class, () -> file.tensors().get("w"));
    }

    /** Integers are copied and never averaged: reading them as F32 must not pass silently. */
    @Test
    void anIntegerTensorIsNotWidened() throws IOException {
        SafetensorsLayout layout = SafetensorsLayout.of(List.of(new SafetensorsLayout.Spec("ids", DType.I64, Shape.of(4))), null);
        try (SafetensorsFile file = SafetensorsFile.open(sparse(layout, 1)); Owner block = Owner.allocate("block", 16)) {
            assertThrows(IllegalStateException.class, () -> file.source("ids").readF32(0, 4, block.segment()));
        }
    }

    private static List<Path> list(Path folder) throws IOException {
        try (var all = Files.list(folder)) {
            return all.toList();
        }
    }
}
