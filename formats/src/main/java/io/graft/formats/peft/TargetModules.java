package io.graft.formats.peft;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which modules an adapter is on, by PEFT's rules: a list holds whole names or their ends, a string is a regular expression that
 * matches in full, {@code all-linear} is everything but the output head and what is no matrix product.
 */
final class TargetModules {

    private final Names targets;
    private final Names excluded;
    private final boolean allLinear;
    private final Set<Long> layers;
    private final List<Pattern> layerPatterns = new ArrayList<>();

    TargetModules(String where, JsonObject config) {
        targets = Names.of(where, "target_modules", config.get("target_modules"));
        excluded = Names.of(where, "exclude_modules", config.get("exclude_modules"));
        allLinear = config.get("target_modules") instanceof JsonPrimitive name && name.getAsString().equalsIgnoreCase("all-linear");
        layers = layers(where, config.get("layers_to_transform"));
        if (layers != null && targets != null && targets.regex != null && !allLinear)
            throw new RequestException(where, "\"layers_to_transform\" goes with a list of \"target_modules\" only", "a list", Json.line(config.get("target_modules")));
        for (String pattern : strings(where, "layers_pattern", config.get("layers_pattern")))
            if (!pattern.isEmpty()) layerPatterns.add(AdapterConfig.pattern(where, "layers_pattern", ".*\\." + pattern + "\\.(\\d+)\\."));
        if (layerPatterns.isEmpty()) layerPatterns.add(Pattern.compile(".*\\.[^.]*\\.(\\d+)\\."));
    }

    boolean include(String module) {
        if (excluded != null && excluded.match(module)) return false;
        if (allLinear) return !module.equals("lm_head") && !module.endsWith(".lm_head") && inLayers(module);
        return targets != null && targets.match(module) && inLayers(module);
    }

    private boolean inLayers(String module) {
        if (layers == null) return true;
        for (Pattern pattern : layerPatterns) {
            Matcher matcher = pattern.matcher(module);
            if (matcher.lookingAt()) return layers.contains(Long.parseLong(matcher.group(1)));
        }
        return false;
    }

    private static Set<Long> layers(String where, JsonElement element) {
        if (element == null || element.isJsonNull() || element instanceof JsonArray none && none.isEmpty()) return null;
        Set<Long> layers = new HashSet<>();
        for (JsonElement each : element instanceof JsonArray list ? list.asList() : List.of(element)) {
            if (!(each instanceof JsonPrimitive number && number.isNumber()))
                throw new RequestException(where, "\"layers_to_transform\"", "layer numbers", Json.line(element));
            layers.add(number.getAsLong());
        }
        return layers;
    }

    private static List<String> strings(String where, String key, JsonElement element) {
        if (element == null || element.isJsonNull()) return List.of();
        List<String> all = new ArrayList<>();
        for (JsonElement each : element instanceof JsonArray list ? list.asList() : List.of(element)) {
            if (!(each instanceof JsonPrimitive text && text.isString())) throw new RequestException(where, "\"" + key + "\"", "a string or a list of strings", Json.line(element));
            all.add(text.getAsString());
        }
        return all;
    }

    /** A list of names, or one regular expression. */
    private record Names(List<String> names, Pattern regex) {

        static Names of(String where, String key, JsonElement element) {
            if (element == null || element.isJsonNull()) return null;
            if (element instanceof JsonArray) return new Names(strings(where, key, element), null);
            return new Names(null, AdapterConfig.pattern(where, key, strings(where, key, element).getFirst()));
        }

        boolean match(String module) {
            if (regex != null) return regex.matcher(module).matches();
            for (String name : names) if (module.equals(name) || module.endsWith("." + name)) return true;
            return false;
        }
    }
}
