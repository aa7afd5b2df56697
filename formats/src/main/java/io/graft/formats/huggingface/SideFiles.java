package io.graft.formats.huggingface;

import io.graft.engine.RunException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The files of a model that are neither weights nor config: tokenizer, chat template, generation config, processors. A new
 * model gets them byte for byte.
 */
public final class SideFiles {

    private static final List<String> NAMES = List.of("generation_config.json", "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json",
            "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "spiece.model", "sentencepiece.bpe.model", "tekken.json", "chat_template.jinja", "chat_template.json",
            "preprocessor_config.json", "processor_config.json", "video_preprocessor_config.json");

    /** Named chat templates beside the default one, as Transformers writes them. */
    private static final String TEMPLATES = "additional_chat_templates";

    private SideFiles() {}

    /**
     * The side files of a model.
     *
     * @param folder its folder
     * @return those that are there, relative to the folder, in a fixed order
     * @throws RunException if the folder cannot be read
     */
    public static List<Path> of(Path folder) {
        List<Path> found = new ArrayList<>();
        for (String name : NAMES) if (Files.isRegularFile(folder.resolve(name))) found.add(Path.of(name));
        List<Path> more = new ArrayList<>();
        list(folder, "*.tiktoken", more);
        if (Files.isDirectory(folder.resolve(TEMPLATES))) list(folder.resolve(TEMPLATES), "*.jinja", more);
        more.stream().map(folder::relativize).sorted().forEach(found::add);
        return List.copyOf(found);
    }

    private static void list(Path folder, String pattern, List<Path> to) {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, pattern)) {
            entries.forEach(to::add);
        } catch (IOException error) {
            throw new RunException(folder.toString(), "cannot be read: " + error.getMessage(), error);
        }
    }

    /**
     * Copies the side files, following links, as the hub's cache has them.
     *
     * @param from a model's folder
     * @param to   a folder without them
     * @return what was copied, relative to either folder
     * @throws RunException if one cannot be read or written
     */
    public static List<Path> copy(Path from, Path to) {
        List<Path> files = of(from);
        for (Path each : files) {
            try {
                Files.createDirectories(to.resolve(each).getParent());
                Files.copy(from.resolve(each), to.resolve(each));
            } catch (IOException error) {
                throw new RunException(to.resolve(each).toString(), "cannot be copied from " + from.resolve(each) + ": " + error, error);
            }
        }
        return files;
    }
}
