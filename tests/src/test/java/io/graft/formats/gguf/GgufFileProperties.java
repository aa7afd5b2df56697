package io.graft.formats.gguf;

import io.graft.engine.RequestException;
import io.graft.engine.memory.Owner;
import io.graft.tests.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

class GgufFileProperties {

    private static byte[] whole;
    private static Path file;

    @BeforeContainer
    static void prepare() throws IOException {
        byte[] all = Files.readAllBytes(Fixtures.requireCommitted("fixtures/gguf/all_types.gguf"));
        whole = all;
        file = Files.createTempFile("mutated", ".gguf");
    }

    @AfterContainer
    static void cleanUp() throws IOException { Files.deleteIfExists(file); }

    /** Bytes of the header are replaced (single bytes, and words by extreme ones), and the file is cut at times: one error, or values. */
    @Property(tries = 2000, shrinking = ShrinkingMode.OFF)
    void mutatedBytesAreReadOrRefusedAndNothingElse(@ForAll long seed) throws IOException {
        Random random = new Random(seed);
        byte[] bytes = whole.clone();
        int header = 18784; // the data of all_types.gguf begins here
        for (int i = random.nextInt(1, 5); i > 0; i--) {
            // Most of the header is the list of tokens: half of the mutations go to its ends.
            int at = switch (random.nextInt(4)) {
                case 0 -> random.nextInt(1200);
                case 1 -> header - 1 - random.nextInt(2000);
                default -> random.nextInt(header);
            };
            if (random.nextBoolean()) bytes[at] = (byte) random.nextInt();
            else {
                long extreme = new long[] {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 32, 1L << 61, 9, 8}[random.nextInt(9)];
                for (int b = 0; b < 8 && at + b < bytes.length; b++) bytes[at + b] = (byte) (extreme >>> 8 * b);
            }
        }
        if (random.nextInt(4) == 0) bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
        Files.write(file, bytes);
        try (GgufFile read = GgufFile.open(file); Owner to = Owner.allocate("test", 4 * 64)) {
            for (GgufFile.Entry entry : read.tensors().values())
                read.readF32(entry, 0, Math.min(64, entry.shape().elements()), to.segment());
        } catch (GgufException refused) {
            if (refused.getMessage().isBlank()) throw new AssertionError("an error without words");
        }
        try (GgufModel model = GgufModel.open(file); Owner to = Owner.allocate("test", 4 * 64)) {
            for (var tensor : model.tensors().values()) tensor.readF32(0, Math.min(64, tensor.shape().elements()), to.segment());
            model.sideFiles();
        } catch (RequestException refused) {
            if (refused.getMessage().isBlank()) throw new AssertionError("an error without words");
        }
    }
}
