package io.graft.merge.run;

import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.formats.huggingface.SideFiles;
import io.graft.formats.json.Json;
import io.graft.merge.plan.MergePlan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What stands beside the weights: the config, the tokenizer's files byte for byte, model card and recipe. */
final class Companions {

    private Companions() {}

    static void write(MergePlan plan, MergeOptions options, Path folder) {
        text(folder.resolve(plan.adapter() ? "adapter_config.json" : "config.json"), Json.write(plan.config()));
        plan.sideFiles().ifPresent(from -> {
            for (Path name : SideFiles.of(from))
                if (options.copyTokenizer() || !isTokenizer(name)) copy(from.resolve(name), folder.resolve(name));
        });
        plan.sideTexts().forEach((name, text) -> {
            if (!name.equals(Path.of(name).getFileName().toString())) throw new RequestException(name, "a side file's name leaves the folder", "a plain name", name);
            if (options.copyTokenizer() || !isTokenizer(Path.of(name))) text(folder.resolve(name), text);
        });
        if (options.writeModelCard()) {
            text(folder.resolve("README.md"), ModelCard.of(plan));
            text(folder.resolve("mergekit_config.yml"), plan.recipe());
        }
    }

    /** Whether a side file is of the tokenizer; the others are of generation and of inputs that are no text. */
    private static boolean isTokenizer(Path name) {
        String file = name.getFileName().toString();
        return !file.equals("generation_config.json") && !file.endsWith("processor_config.json") && !file.equals("video_preprocessor_config.json");
    }

    private static void copy(Path from, Path to) {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(from);
        } catch (IOException error) {
            throw new RunException(from.toString(), "cannot be read: " + error.getMessage(), error);
        }
        bytes(to, bytes);
    }

    static void text(Path to, String text) { bytes(to, text.getBytes(StandardCharsets.UTF_8)); }

    private static void bytes(Path to, byte[] bytes) {
        try {
            Files.createDirectories(to.getParent());
            Files.write(to, bytes);
        } catch (IOException error) {
            throw OutputFile.unwritable(to, error);
        }
    }
}
