package io.graft.formats.model;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A model as something to merge, convert, compare or run: a Hugging Face folder, a GGUF file, a folder with an adapter applied.
 *
 * <p>Opening reads headers only. Safe for use by many threads.
 */
public interface ModelSource extends AutoCloseable {

    /** {@return what the user called it, for messages} */
    String name();

    /** {@return its tensors by Hugging Face's names, in the order of the files} */
    SequencedMap<String, SourceTensor> tensors();

    /** {@return the whole config.json, unknown keys too; empty object where there is none. A copy: change it freely} */
    JsonObject config();

    /** {@return the folder whose side files (tokenizer, chat template, generation config) go with it; empty for a bare file} */
    Optional<Path> folder();

    /** Closes its files. Reading its tensors afterwards is an exception. */
    @Override
    void close();
}
