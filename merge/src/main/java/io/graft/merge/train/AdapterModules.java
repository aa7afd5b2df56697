package io.graft.merge.train;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import io.graft.engine.RequestException;
import io.graft.engine.memory.Shape;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.peft.AdapterConfig;
import io.graft.merge.yaml.Suggestion;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.TreeSet;

/** The modules of a base model as PEFT would see them, and which of them a config adapts or saves. */
final class AdapterModules {

    static final String EMBEDDING = "model.embed_tokens", HEAD = "lm_head";
    private static final String WEIGHT = ".weight", BIAS = ".bias";

    private final ModelSource base;
    private final boolean tied;
    /** The weight of every module that has one; a tied head's is the embedding's. */
    private final SequencedMap<String, SourceTensor> weights = new LinkedHashMap<>();

    AdapterModules(ModelSource base) {
        this.base = base;
        base.tensors().forEach((name, tensor) -> {
            if (name.endsWith(WEIGHT)) weights.put(name.substring(0, name.length() - WEIGHT.length()), tensor);
        });
        tied = !weights.containsKey(HEAD) && weights.containsKey(EMBEDDING);
        if (tied) weights.put(HEAD, weights.get(EMBEDDING));
    }

    /** {@return whether head and embedding are one matrix} */
    boolean tied() { return tied; }

    /** {@return the weight of a module; null if it has none} */
    SourceTensor weight(String module) { return weights.get(module); }

    /** {@return A's and B's inputs and outputs: (in, out)} */
    Shape inOut(String module) {
        Shape weight = weights.get(module).shape();
        return module.equals(EMBEDDING) ? weight : Shape.of(weight.size(1), weight.size(0));
    }

    /** {@return the modules that a config adapts, in the model's order; one at least} */
    List<String> adapted(AdapterConfig config) {
        boolean allLinear = allLinear(config);
        List<String> adapted = new ArrayList<>();
        for (String module : weights.keySet()) {
            if (!config.targets(module) || allLinear && (module.equals(EMBEDDING) || weights.get(module).shape().rank() != 2)) continue;
            if (weights.get(module).shape().rank() != 2)
                throw new RequestException(config.where() + ": " + module, "target_modules names what is no linear map", "linear maps, embed_tokens or lm_head", weights.get(module).shape());
            adapted.add(module);
        }
        if (config.json().get("target_modules") instanceof JsonArray list)
            for (JsonElement each : list) checkName(config, each);
        if (adapted.isEmpty())
            throw new RequestException(config.where(), "target_modules adapts nothing of " + base.name(), "names such as " + String.join(", ", linearNames()), config.json().get("target_modules"));
        return adapted;
    }

    private void checkName(AdapterConfig config, JsonElement element) {
        if (!(element instanceof JsonPrimitive text)) return;
        String name = text.getAsString();
        if (weights.keySet().stream().noneMatch(module -> module.equals(name) || module.endsWith("." + name)))
            throw new RequestException(config.where(), "target_modules names no module of " + base.name(), "names of modules, or their ends", name, Suggestion.of(name, linearNames()));
    }

    static boolean allLinear(AdapterConfig config) {
        return config.json().get("target_modules") instanceof JsonPrimitive name && name.getAsString().equalsIgnoreCase("all-linear");
    }

    /** {@return the last names of linear maps, sorted} */
    private TreeSet<String> linearNames() {
        TreeSet<String> names = new TreeSet<>();
        weights.forEach((module, weight) -> {
            if (weight.shape().rank() == 2) names.add(last(module));
        });
        return names;
    }

    static String last(String module) { return module.substring(module.lastIndexOf('.') + 1); }

    /** {@return the tensors of the modules that a config saves whole, by name: a module whose name, or one around it, ends with one of them} */
    SequencedMap<String, SourceTensor> saved(AdapterConfig config) {
        SequencedMap<String, SourceTensor> saved = new LinkedHashMap<>();
        for (String end : config.modulesToSave()) {
            int before = saved.size();
            base.tensors().forEach((name, tensor) -> {
                if (within(name, end)) saved.put(name, tensor);
            });
            if (tied && HEAD.endsWith(end)) saved.put(HEAD + WEIGHT, weights.get(EMBEDDING));
            if (saved.size() == before) {
                TreeSet<String> names = new TreeSet<>();
                weights.keySet().forEach(module -> names.add(last(module)));
                throw new RequestException(config.where(), "modules_to_save names no other module of " + base.name(), "names of modules, or their ends", end, Suggestion.of(end, names));
            }
        }
        return saved;
    }

    private static boolean within(String name, String end) {
        for (int dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1))
            if (name.substring(0, dot).endsWith(end)) return true;
        return false;
    }

    /** {@return the biases that a config trains, by name} */
    SequencedMap<String, SourceTensor> biases(AdapterConfig config, List<String> adapted) {
        SequencedMap<String, SourceTensor> biases = new LinkedHashMap<>();
        if (config.bias().equals("none")) return biases;
        base.tensors().forEach((name, tensor) -> {
            if (name.endsWith(BIAS) && (config.bias().equals("all") || adapted.contains(name.substring(0, name.length() - BIAS.length())))) biases.put(name, tensor);
        });
        return biases;
    }
}
