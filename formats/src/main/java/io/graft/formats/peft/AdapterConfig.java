package io.graft.formats.peft;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * An adapter_config.json: which modules are adapted and by what factor. Immutable.
 *
 * <p>A key that changes the result and that Graft does not compute is an error that names it; an initialisation that changed the
 * base is a warning.
 */
public final class AdapterConfig {

    /** Keys that change the result; only a value that switches them off (null, false, 0, empty) is accepted. */
    private static final Set<String> UNSUPPORTED = Set.of("lora_bias", "trainable_token_indices", "target_parameters", "layer_replication", "use_qalora", "megatron_config",
            "alora_invocation_tokens", "alora_invocation_string", "arrow_config", "use_bdlora", "kasa_config", "monteclora_config", "velora_config");
    /** Keys that are honoured, and keys that say how the adapter was made or trained and change nothing now. */
    private static final Set<String> KNOWN = Set.of("peft_type", "r", "lora_alpha", "alpha_pattern", "rank_pattern", "use_rslora", "use_dora", "fan_in_fan_out", "target_modules",
            "exclude_modules", "layers_to_transform", "layers_pattern", "modules_to_save", "bias", "ensure_weight_tying", "init_lora_weights", "auto_mapping",
            "base_model_name_or_path", "revision", "task_type", "inference_mode", "lora_dropout", "loftq_config", "eva_config", "corda_config", "lora_ga_config", "megatron_core",
            "qalora_group_size", "runtime_config", "peft_version");

    private final String where;
    private final JsonObject json;
    private final List<String> warnings = new ArrayList<>();
    private final double alpha;
    private final SequencedMap<Pattern, Double> alphaPattern;
    private final SequencedMap<Pattern, Double> rankPattern;
    private final TargetModules targets;

    private AdapterConfig(String where, JsonObject json) {
        this.where = where;
        this.json = json;
        String type = text("peft_type");
        if (!"LORA".equals(type)) throw refuse("peft_type", "LORA");
        for (String key : UNSUPPORTED) if (isOn(key)) throw refuse(key, "null: Graft does not compute it");
        for (String key : json.keySet()) {
            if (KNOWN.contains(key) || UNSUPPORTED.contains(key) || !isOn(key)) continue;
            if (key.startsWith("use_")) throw refuse(key, "false: Graft does not know it");
            warnings.add(where + ": \"" + key + "\" is a key that Graft does not know; ignored");
        }
        String bias = json.has("bias") ? text("bias") : "none";
        if (!Set.of("none", "all", "lora_only").contains(String.valueOf(bias))) throw refuse("bias", "none, all or lora_only");
        alpha = number("lora_alpha", 8);
        alphaPattern = patterns("alpha_pattern");
        rankPattern = patterns("rank_pattern");
        targets = new TargetModules(where, json);
        warnOfInitialisation();
    }

    /**
     * Reads a config.
     *
     * @param file adapter_config.json
     * @return what it says
     * @throws RequestException if it is missing or no JSON, or a key that changes the result is unsupported or malformed
     */
    public static AdapterConfig read(Path file) { return new AdapterConfig(file.toString(), Json.readObject(file)); }

    /**
     * Takes a config apart.
     *
     * @param where what errors call it
     * @param json  the whole object; copied
     * @return what it says
     * @throws RequestException if a key that changes the result is unsupported or malformed
     */
    public static AdapterConfig of(String where, JsonObject json) { return new AdapterConfig(where, json.deepCopy()); }

    private void warnOfInitialisation() {
        if (!(json.get("init_lora_weights") instanceof JsonPrimitive init && init.isString())) return;
        String name = init.getAsString();
        String plain = name.toLowerCase(Locale.ROOT);
        if (plain.startsWith("pissa") || plain.equals("olora") || plain.equals("corda") || plain.equals("loftq") || plain.equals("lora_ga"))
            warnings.add(where + ": the adapter was initialised by " + name + ", which changes the base's weights as well; on the published base it is right only if it was "
                    + "converted to a plain LoRA when it was saved");
    }

    /**
     * The factor s on B·A.
     *
     * @param module such as {@code model.layers.0.self_attn.q_proj}
     * @param rank   r, of its factors
     * @return alpha / r, or with rsLoRA alpha / √r; alpha is that of the first pattern that matches
     */
    public double scale(String module, long rank) {
        return first(alphaPattern, module, alpha) / (isOn("use_rslora") ? Math.sqrt(rank) : rank);
    }

    /**
     * The rank that a module is given when an adapter begins.
     *
     * @param module such as {@code model.layers.0.self_attn.q_proj}
     * @return that of the first pattern that matches, or else r
     * @throws RequestException if it is no whole number over 0
     */
    public int rank(String module) {
        double rank = first(rankPattern, module, number("r", 8));
        if (rank < 1 || rank != Math.rint(rank) || rank > Integer.MAX_VALUE) throw new RequestException(where + ": " + module, "\"r\"", "a whole number over 0", rank);
        return (int) rank;
    }

    private static double first(SequencedMap<Pattern, Double> patterns, String module, double otherwise) {
        for (Map.Entry<Pattern, Double> each : patterns.entrySet()) if (each.getKey().matcher(module).matches()) return each.getValue();
        return otherwise;
    }

    /**
     * The share of the factors' input that is dropped in training.
     *
     * @return from 0 to below 1
     * @throws RequestException if it is not
     */
    public double dropout() {
        double dropout = number("lora_dropout", 0);
        if (!(dropout >= 0 && dropout < 1)) throw refuse("lora_dropout", "from 0 to below 1");
        return dropout;
    }

    /** {@return which biases of the base are trained: {@code none}, {@code lora_only} (of adapted modules) or {@code all}} */
    public String bias() { return json.has("bias") ? text("bias") : "none"; }

    /**
     * Modules that are trained and saved whole.
     *
     * @return ends of their names
     * @throws RequestException if it is no list of strings
     */
    public List<String> modulesToSave() {
        List<String> names = new ArrayList<>();
        if (!isOn("modules_to_save")) return names;
        if (!(json.get("modules_to_save") instanceof JsonArray list)) throw refuse("modules_to_save", "a list of names");
        for (JsonElement each : list) {
            if (!(each instanceof JsonPrimitive name && name.isString())) throw refuse("modules_to_save", "a list of names");
            names.add(name.getAsString());
        }
        return names;
    }

    /**
     * Whether A begins normally distributed instead of uniformly.
     *
     * @return whether {@code init_lora_weights} is {@code gaussian}
     * @throws RequestException if it is neither that nor true
     */
    public boolean gaussianInitialisation() {
        JsonElement init = json.get("init_lora_weights");
        if (init == null || init instanceof JsonPrimitive truth && truth.isBoolean() && truth.getAsBoolean()) return false;
        if (init instanceof JsonPrimitive name && name.isString() && name.getAsString().equalsIgnoreCase("gaussian")) return true;
        throw refuse("init_lora_weights", "true or gaussian, to begin an adapter");
    }

    /**
     * Whether a module is adapted: named by {@code target_modules}, in one of {@code layers_to_transform}, not excluded.
     *
     * @param module such as {@code model.layers.0.self_attn.q_proj}
     * @return whether PEFT puts factors on it
     */
    public boolean targets(String module) { return targets.include(module); }

    /** {@return whether rows are scaled to trained magnitudes: DoRA} */
    public boolean dora() { return isOn("use_dora"); }

    /** {@return whether adapted linear maps store their weight as [in, out]} */
    public boolean fanInFanOut() { return isOn("fan_in_fan_out"); }

    /** {@return whether head and embedding of a tied model stay one matrix} */
    public boolean ensuresWeightTying() { return isOn("ensure_weight_tying"); }

    /** {@return the base model that it names; null where it names none} */
    public String baseModel() { return text("base_model_name_or_path"); }

    /** {@return the whole object, unknown keys too. A copy: change it freely} */
    public JsonObject json() { return json.deepCopy(); }

    /** {@return what the user should know, each once} */
    public List<String> warnings() { return List.copyOf(warnings); }

    /** {@return what errors call it} */
    public String where() { return where; }

    private SequencedMap<Pattern, Double> patterns(String key) {
        SequencedMap<Pattern, Double> patterns = new LinkedHashMap<>();
        if (json.get(key) instanceof JsonObject object)
            for (Map.Entry<String, JsonElement> each : object.entrySet()) {
                if (!(each.getValue() instanceof JsonPrimitive value && value.isNumber())) throw refuse(key, "numbers");
                patterns.put(pattern(where, key, "(.*\\.)?(" + each.getKey() + ")"), value.getAsDouble());
            }
        else if (isOn(key)) throw refuse(key, "an object");
        return patterns;
    }

    private boolean isOn(String key) {
        return switch (json.get(key)) {
            case null -> false;
            case JsonArray list -> !list.isEmpty();
            case JsonObject object -> !object.isEmpty();
            case JsonPrimitive value when value.isBoolean() -> value.getAsBoolean();
            case JsonPrimitive value when value.isNumber() -> value.getAsDouble() != 0;
            case JsonPrimitive value -> !value.getAsString().isEmpty();
            default -> false;
        };
    }

    private String text(String key) {
        return switch (json.get(key)) {
            case JsonPrimitive value when value.isString() -> value.getAsString();
            case null, default -> null;
        };
    }

    private double number(String key, double otherwise) {
        return switch (json.get(key)) {
            case null -> otherwise;
            case JsonPrimitive value when value.isNumber() -> value.getAsDouble();
            case JsonElement _ -> throw refuse(key, "a number");
        };
    }

    private RequestException refuse(String key, String expected) {
        JsonElement found = json.get(key);
        return new RequestException(where, "\"" + key + "\" has a value that Graft does not support", expected, found == null ? "nothing" : Json.line(found));
    }

    /** A pattern out of a config: Python's and Java's agree on all that module names need. */
    static Pattern pattern(String where, String key, String regex) {
        try {
            return Pattern.compile(regex);
        } catch (PatternSyntaxException wrong) {
            throw new RequestException(where, "\"" + key + "\" holds no regular expression: " + wrong.getDescription(), null, regex);
        }
    }
}
