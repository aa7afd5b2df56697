package io.graft.merge.experiment;

import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.formats.files.AtomicFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Models that come along with Graft, as folders. */
final class Shipped {

    private static final String WORLD = "bilingual-world";

    private Shipped() {}

    /** The folder of a model, made in the cache where it is not there yet. */
    static Path folder(String name, Path cache) {
        if (!name.equals(WORLD)) throw new RequestException("base", "no model of that name comes along", WORLD, name);
        Path folder = cache.resolve("shipped").resolve(name);
        for (String file : List.of("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors")) {
            String resource = "/io/graft/demo/" + (file.startsWith("model") ? "base/" : "") + file;
            try (InputStream in = Shipped.class.getResourceAsStream(resource)) {
                byte[] bytes = in.readAllBytes();
                Path target = folder.resolve(file);
                if (!Files.isRegularFile(target) || !java.util.Arrays.equals(Files.readAllBytes(target), bytes)) AtomicFile.write(target, bytes);
            } catch (IOException error) {
                throw new RunException(resource, "cannot be read: " + error.getMessage(), error);
            }
        }
        return folder;
    }
}
