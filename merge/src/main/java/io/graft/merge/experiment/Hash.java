package io.graft.merge.experiment;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.formats.json.Json;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.TreeSet;

/** SHA-256 over parts, each with its length before it, so that no two lists of parts are the same bytes. */
final class Hash {

    private final MessageDigest digest = sha256();

    /** {@return a fresh SHA-256} */
    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** The hash of some texts. */
    static String of(String... parts) {
        Hash hash = new Hash();
        for (String part : parts) hash.add(part);
        return hash.hex();
    }

    /** The hash of JSON in which the order of keys does not count. */
    static String of(JsonElement element) { return of(Json.line(sorted(element))); }

    private static JsonElement sorted(JsonElement element) {
        if (element instanceof JsonObject object) {
            JsonObject result = new JsonObject();
            for (String key : new TreeSet<>(object.keySet())) result.add(key, sorted(object.get(key)));
            return result;
        }
        if (element instanceof JsonArray array) {
            JsonArray result = new JsonArray();
            for (JsonElement each : array) result.add(sorted(each));
            return result;
        }
        return element;
    }

    Hash add(String part) {
        byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
        digest.update((bytes.length + ":").getBytes(StandardCharsets.US_ASCII));
        digest.update(bytes);
        return this;
    }

    String hex() { return HexFormat.of().formatHex(digest.digest()); }
}
