package io.graft.formats.model;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
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

    /**
     * Side files that stand in no folder but are made from the model itself, as a GGUF's metadata gives them; a writer puts
     * them beside the weights, over a file of the same name out of {@link #folder}.
     *
     * @return file name (such as {@code tokenizer.json}) to text
     * @throws io.graft.engine.RequestException if the model holds such a thing in a form that Graft does not know
     */
    default SequencedMap<String, String> sideFiles() { return Collections.unmodifiableSequencedMap(new LinkedHashMap<>()); }

    /** {@return what its user should know, a line each, to be printed once: a tokenizer that is missing, an adapter that may not fit} */
    default List<String> notes() { return List.of(); }

    /** Closes its files. Reading its tensors afterwards is an exception. */
    @Override
    void close();
}
