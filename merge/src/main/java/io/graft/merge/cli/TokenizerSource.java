package io.graft.merge.cli;

import io.graft.formats.gguf.GgufModel;
import io.graft.formats.model.ModelSource;
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
        Path path = Path.of(argument);
        if (Files.isRegularFile(path) && argument.endsWith(".gguf")) {
            try (ModelSource model = GgufModel.open(path)) {
                return TokenizerFiles.of(model);
            }
        }
        return TokenizerFiles.of(path);
    }
}
