package io.graft.bench;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.formats.safetensors.SafetensorsFile;
import io.graft.formats.safetensors.SafetensorsLayout;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How long opening a checkpoint of 16 GB takes: a sparse file of 291 BF16 tensors, as an 8B Llama has. The first open also loads
 * classes; the target is 50 ms inside the process.
 *
 * <p>{@code java -cp CLASSPATH io.graft.bench.OpenBench}
 */
public final class OpenBench {

    private OpenBench() {}

    /**
     * Prints the time of ten opens.
     *
     * @param arguments none
     * @throws IOException if the file cannot be made
     */
    public static void main(String[] arguments) throws IOException {
        List<SafetensorsLayout.Spec> tensors = new ArrayList<>();
        for (int i = 0; i < 290; i++) tensors.add(new SafetensorsLayout.Spec("model.layers." + i / 9 + ".tensor." + i % 9 + ".weight", DType.BF16, Shape.of(6784, 4096)));
        tensors.add(new SafetensorsLayout.Spec("model.norm.weight", DType.BF16, Shape.of(4096)));
        SafetensorsLayout layout = SafetensorsLayout.of(tensors, Map.of("format", "pt"));
        Path file = Files.createTempFile("open", ".safetensors");
        try {
            try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
                sparse.write(layout.header());
                sparse.setLength(layout.fileBytes());
            }
            System.out.printf(Locale.ROOT, "a file of %.1f GB, %d tensors%n", layout.fileBytes() / 1e9, tensors.size());
            for (int i = 0; i < 10; i++) {
                long start = System.nanoTime();
                try (SafetensorsFile open = SafetensorsFile.open(file)) {
                    long bytes = open.tensor("model.norm.weight").bytes();
                    System.out.printf(Locale.ROOT, "open %d: %.1f ms (%d bytes of a tensor seen)%n", i + 1, (System.nanoTime() - start) / 1e6, bytes);
                }
            }
        } finally {
            Files.delete(file);
        }
    }
}
