package io.graft.formats.huggingface;

import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Models that Hugging Face's own tools have fetched: {@code models--ORG--NAME/snapshots/COMMIT} in the local cache, found by the
 * environment variables that those tools obey. Graft fetches nothing.
 */
public final class HubCache {

    private static final Pattern NAME = Pattern.compile("([A-Za-z0-9][\\w.-]*/[A-Za-z0-9][\\w.-]*)(?:@([\\w.-]+(?:/[\\w.-]+)*))?");

    private HubCache() {}

    /**
     * Whether an argument has the form of a name on the hub.
     *
     * @param name any text
     * @return whether it reads {@code org/name} or {@code org/name@revision}
     */
    public static boolean isName(String name) { return NAME.matcher(name).matches() && !name.contains(".."); }

    /**
     * Finds a model in the local cache.
     *
     * @param name {@code org/name}, or {@code org/name@revision} for a branch, a tag or a commit; the revision is main otherwise
     * @return the folder of its snapshot
     * @throws RequestException if it is not there; the hint is the command that fetches it
     */
    public static Path resolve(String name) { return resolve(name, System.getenv(), Path.of(System.getProperty("user.home"))); }

    static Path resolve(String name, Map<String, String> environment, Path home) {
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches() || name.contains("..")) throw new RequestException(name, "not a model's name", "org/name or org/name@revision", null);
        String repository = matcher.group(1), revision = matcher.group(2) == null ? "main" : matcher.group(2);
        Path cache = cache(environment, home), model = cache.resolve("models--" + repository.replace("/", "--"));
        String fetch = "hf download " + repository + (matcher.group(2) == null ? "" : " --revision " + revision);
        if (!Files.isDirectory(model)) throw new RequestException(name, "not in the local cache", model, "no such folder", "fetch it with: " + fetch);
        Path reference = model.resolve("refs").resolve(revision);
        String commit = Files.isRegularFile(reference) ? Json.readText(reference).strip() : revision;
        Path snapshot = model.resolve("snapshots").resolve(commit).normalize();
        if (!snapshot.startsWith(model.resolve("snapshots")) || commit.isEmpty()) throw new RequestException(reference.toString(), "no commit", "a commit's hash", "\"" + commit + "\"");
        if (!Files.isDirectory(snapshot))
            throw new RequestException(name, "the local cache lacks this revision", Files.isRegularFile(reference) ? snapshot : reference, "nothing there", "fetch it with: " + fetch);
        return snapshot;
    }

    /** Where huggingface_hub keeps it: the cache itself, else below its home, else below the user's caches. */
    private static Path cache(Map<String, String> environment, Path home) {
        for (String variable : new String[] {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
            if (isSet(environment, variable)) return expand(environment.get(variable), home);
        }
        if (isSet(environment, "HF_HOME")) return expand(environment.get("HF_HOME"), home).resolve("hub");
        Path caches = isSet(environment, "XDG_CACHE_HOME") ? expand(environment.get("XDG_CACHE_HOME"), home) : home.resolve(".cache");
        return caches.resolve("huggingface").resolve("hub");
    }

    private static boolean isSet(Map<String, String> environment, String variable) { return !environment.getOrDefault(variable, "").isEmpty(); }

    private static Path expand(String path, Path home) {
        return path.equals("~") || path.startsWith("~/") ? home.resolve(path.substring(Math.min(2, path.length()))) : Path.of(path).toAbsolutePath();
    }
}
