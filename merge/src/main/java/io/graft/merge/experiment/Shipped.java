package io.graft.merge.experiment;

import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.formats.files.OutputFolder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A model that comes along with Graft, in a temporary folder while it is open.
 *
 * @param name   of it
 * @param folder where it stands
 */
record Shipped(String name, Path folder) implements AutoCloseable {

    private static final String WORLD = "bilingual-world";
    private static final List<String> FILES = List.of("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors");

    /** Unpacks a model. */
    static Shipped open(String name) {
        if (!name.equals(WORLD)) throw new RequestException("base", "no model of that name comes along", WORLD, name);
        try {
            Path folder = Files.createTempDirectory("graft-" + name);
            for (String file : FILES)
                try (InputStream in = Shipped.class.getResourceAsStream("/io/graft/demo/" + (file.startsWith("model") ? "base/" : "") + file)) {
                    Files.write(folder.resolve(file), in.readAllBytes());
                }
            return new Shipped(name, folder);
        } catch (IOException error) {
            throw new RunException(name, "cannot be unpacked: " + error.getMessage(), error);
        }
    }

    /** Where it will stand in a cache. */
    Path in(Path cache) { return cache.resolve("shipped").resolve(name); }

    /** Brings it into a cache, where it stays. */
    void copyTo(Path cache) {
        try {
            for (String file : FILES) StudyFiles.put(in(cache).resolve(file), Files.readAllBytes(folder.resolve(file)));
        } catch (IOException error) {
            throw new RunException(folder.toString(), "cannot be read: " + error.getMessage(), error);
        }
    }

    @Override
    public void close() { OutputFolder.remove(folder); }
}
