package io.graft.formats.tokenizer;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Where a model's tokenizer files come from: its folder, or what the model itself holds (a GGUF's metadata), which wins.
 *
 * @param where  what errors call the model
 * @param folder the folder; empty for none
 * @param made   file name to text of the files that stand in no folder
 */
public record TokenizerFiles(String where, Optional<Path> folder, Map<String, String> made) {

    /**
     * The files of a folder, which need hold nothing else.
     *
     * @param folder the folder
     * @return its files
     */
    public static TokenizerFiles of(Path folder) { return new TokenizerFiles(folder.toString(), Optional.of(folder), Map.of()); }

    /**
     * The files of a model.
     *
     * @param model the model; it may be closed afterwards
     * @return its files
     * @throws RequestException if it holds a tokenizer in a form that is not known
     */
    public static TokenizerFiles of(ModelSource model) { return new TokenizerFiles(model.name(), model.folder(), Map.copyOf(model.sideFiles())); }

    /**
     * Whether there is a file.
     *
     * @param name such as {@code tokenizer.json}
     * @return whether there is one
     */
    public boolean has(String name) { return made.containsKey(name) || folder.isPresent() && Files.isRegularFile(folder.get().resolve(name)); }

    /**
     * What errors call a file.
     *
     * @param name its name
     * @return its path, or the model and its name
     */
    public String path(String name) { return made.containsKey(name) || folder.isEmpty() ? where + ", " + name : folder.get().resolve(name).toString(); }

    /**
     * A file's text.
     *
     * @param name its name
     * @return its text
     * @throws RequestException if there is none, or it is not UTF-8
     */
    public String text(String name) {
        String text = made.get(name);
        if (text != null) return text;
        if (!has(name)) throw new RequestException(where, "no " + name, null, null, "give ids instead of text, or add the tokenizer files of the base model");
        return Json.readText(folder.orElseThrow().resolve(name));
    }

    /**
     * A file's object.
     *
     * @param name its name
     * @return its object; an empty one where there is no such file
     * @throws RequestException if it is not valid
     */
    public JsonObject objectOrEmpty(String name) { return has(name) ? object(name) : new JsonObject(); }

    /**
     * A file's object.
     *
     * @param name its name
     * @return its object
     * @throws RequestException if there is none, or it is not valid
     */
    public JsonObject object(String name) {
        JsonElement element = Json.parse(path(name), text(name));
        if (element instanceof JsonObject object) return object;
        throw new RequestException(path(name), "not the JSON it should be", "an object", Json.kind(element));
    }
}
