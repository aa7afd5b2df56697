package io.graft.merge.search;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The three models of the synthetic world that come along, as folders. */
public final class WorldModels {

    private WorldModels() {}

    /** Writes them. */
    public static Experts write(Path folder) throws IOException {
        for (String name : List.of("base", "math-expert", "language-expert")) {
            Path model = Files.createDirectories(folder.resolve(name));
            copy(name + "/model.safetensors", model.resolve("model.safetensors"));
            for (String file : List.of("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json")) copy(file, model.resolve(file));
        }
        return new Experts(folder.resolve("base").toString(), folder.resolve("math-expert").toString(), folder.resolve("language-expert").toString());
    }

    private static void copy(String resource, Path to) throws IOException {
        try (InputStream in = Experts.class.getResourceAsStream("/io/graft/demo/" + resource)) {
            Files.copy(in, to);
        }
    }
}
