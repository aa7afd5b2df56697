package io.graft.formats.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.memory.Tensor;
import io.graft.formats.huggingface.HuggingFaceFolder;
import io.graft.tests.kit.Blob;
import io.graft.tests.kit.Checkpoints;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

class SafetensorsProperties {

    private static final int MUTANTS = Boolean.getBoolean("graft.long") ? 10_000_000 : 100_000;

    private static Path folder;

    @BeforeContainer
    static void makeFolder() throws IOException { folder = Files.createTempDirectory("graft-properties"); }

    @AfterContainer
    static void deleteFolder() throws IOException {
        try (var all = Files.walk(folder)) {
            for (Path each : all.sorted(java.util.Comparator.reverseOrder()).toList()) Files.delete(each);
        }
    }

    @Provide
    Arbitrary<List<Blob>> blobs() { return Blob.lists(); }

    @Provide
    Arbitrary<Map<String, String>> metadata() { return Arbitraries.maps(Blob.names(), Blob.names()).ofMaxSize(4).injectNull(0.2); }

    @Provide
    Arbitrary<Checkpoints.Checkpoint> checkpoints() { return Checkpoints.any(); }

    @Property(tries = 500)
    void whatIsWrittenIsReadAgain(@ForAll("blobs") List<Blob> blobs, @ForAll("metadata") Map<String, String> metadata) {
        Path path = folder.resolve("round.safetensors");
        List<Tensor> tensors = Blob.tensors(blobs);
        SafetensorsWriter.write(path, metadata, tensors);
        tensors.forEach(Tensor::close);
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertEquals(metadata == null ? Map.of() : metadata, file.metadata());
            assertEquals(blobs.size(), file.tensors().size());
            for (Blob blob : blobs) {
                Tensor tensor = file.tensor(blob.name());
                assertEquals(blob, new Blob(tensor.name(), tensor.dtype(), tensor.shape(), tensor.segment().toArray(ValueLayout.JAVA_BYTE)));
                if (blob.dtype().bits() >= 8) assertEquals(0, file.tensors().get(blob.name()).offset() % (blob.dtype().bits() / 8), "alignment");
            }
        }
    }

    @Property(tries = 30)
    void aCheckpointOfTheKitIsAModel(@ForAll("checkpoints") Checkpoints.Checkpoint checkpoint) {
        try (HuggingFaceFolder model = HuggingFaceFolder.open(checkpoint.write(folder.resolve("checkpoint")))) {
            assertEquals(checkpoint.config(), model.config());
            HashSet<String> names = new HashSet<>();
            checkpoint.tensors().forEach(blob -> names.add(blob.name()));
            assertEquals(names, model.tensors().keySet());
        }
    }

    /** Header and data of a small valid file, parsed in memory by the code that opens files. */
    private static boolean parses(byte[] bytes) {
        MemorySegment segment = MemorySegment.ofArray(bytes);
        try {
            Header header = SafetensorsFile.header("mutant", segment);
            for (int i = 0; i < header.count(); i++) {
                header.shape(i);
                assertEquals(i, header.find(header.name(i)));
            }
            header.metadata();
            return true;
        } catch (SafetensorsException refused) {
            assertTrue(refused.getMessage().startsWith("mutant"), refused.getMessage());
            KINDS.merge(refused.kind(), 1, Integer::sum);
            return false;
        }
    }

    private static final Map<SafetensorsException.Kind, Integer> KINDS = new EnumMap<>(SafetensorsException.Kind.class);

    /** Anything but a SafetensorsException fails the test. */
    @Example
    void mutatedAndRandomBytesGiveNothingButTheReadersError() {
        KINDS.clear();
        byte[][] seeds = {file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},\"b\\u00e9\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[16,18]}}", 18),
                file("{\"__metadata__\":{\"format\":\"pt\",\"k\\n\":\"\\ud83d\\ude00é\"},\"x\":{\"data_offsets\":[0,3],\"shape\":[2,3],\"dtype\":\"F4\"}}  ", 3), file("{}", 0)};
        SplittableRandom random = new SplittableRandom(42);
        byte[] tokens = "{}[]\",:\\u0019.-+e \n\u0000".getBytes(StandardCharsets.UTF_8);
        int valid = 0;
        for (int i = 0; i < MUTANTS; i++) {
            byte[] bytes = seeds[random.nextInt(seeds.length)].clone();
            if (i % 10 == 0) {
                bytes = new byte[random.nextInt(64)];
                random.nextBytes(bytes);
                if (bytes.length >= 8) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, random.nextInt(bytes.length - 7));
            } else {
                for (int k = random.nextInt(4); k >= 0 && bytes.length > 0; k--) {
                    int at = random.nextInt(10) == 0 ? random.nextInt(bytes.length) : Math.min(8 + random.nextInt(bytes.length), bytes.length - 1);
                    switch (random.nextInt(5)) {
                        case 0 -> bytes[at] = (byte) random.nextInt(256);
                        case 1 -> bytes[at] = tokens[random.nextInt(tokens.length)];
                        case 2 -> bytes[at] = bytes[random.nextInt(bytes.length)];
                        case 3 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                        default -> bytes = java.util.Arrays.copyOf(bytes, random.nextInt(4) == 0 ? at : bytes.length);
                    }
                }
            }
            if (parses(bytes)) valid++;
        }
        assertTrue(valid > 0 && valid < MUTANTS / 2, valid + " valid");
        for (SafetensorsException.Kind kind : SafetensorsException.Kind.values()) assertTrue(KINDS.containsKey(kind) || RARE.contains(kind), kind + " never met: " + KINDS);
    }

    /** Kinds that a few changed bytes need not reach. */
    private static final List<SafetensorsException.Kind> RARE = List.of(SafetensorsException.Kind.ValidationOverflow, SafetensorsException.Kind.MisalignedSlice,
            SafetensorsException.Kind.DuplicateKey, SafetensorsException.Kind.UnknownField);

    private static byte[] file(String header, int data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + data).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).put(json);
        assertArrayEquals(json, java.util.Arrays.copyOfRange(bytes.array(), 8, 8 + json.length));
        return bytes.array();
    }
}
