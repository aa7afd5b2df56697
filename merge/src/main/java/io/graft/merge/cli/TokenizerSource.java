package io.graft.merge.cli;

import io.graft.formats.model.ModelSource;
import io.graft.formats.model.ModelSources;
import io.graft.formats.tokenizer.TokenizerFiles;
import java.nio.file.Files;
import java.nio.file.Path;

/** From a model argument to its tokenizer files: a folder with no weights will do. */
final class TokenizerSource {

    private TokenizerSource() {}

    /**
     * Finds them.
     *
     * @param argument as the user typed it
     * @return where they are
     */
    static TokenizerFiles of(String argument) {
        if (Files.isRegularFile(Path.of(argument, "tokenizer.json"))) return TokenizerFiles.of(Path.of(argument));
        try (ModelSource model = ModelSources.open(argument)) {
            return TokenizerFiles.of(model);
        }
    }
}
