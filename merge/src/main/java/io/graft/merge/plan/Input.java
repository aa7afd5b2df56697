package io.graft.merge.plan;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.merge.recipe.ModelRef;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/** An open model and what its names and config say of it: its stacks of layers, its vocabulary, whether its head is tied. */
final class Input {

    private static final List<String> NESTED = List.of("text_config", "language_config", "llm_config");
    private static final List<String> COUNTS = List.of("num_hidden_layers", "n_layer", "n_layers", "num_layers");

    final ModelRef ref;
    final ModelSource source;
    final JsonObject config;
    final SequencedMap<String, SourceTensor> tensors;
    /** Layers of each stack by the names: the greatest number and one. */
    final SequencedMap<String, Integer> stacks = new LinkedHashMap<>();
    private final Map<String, Role> outside = new LinkedHashMap<>();
    private final Optional<String> mainStack;
    private final SourceTensor head, embeddings;

    Input(ModelRef ref, ModelSource source) {
        this.ref = ref;
        this.source = source;
        this.config = source.config();
        this.tensors = source.tensors();
        for (String name : tensors.keySet()) LayerName.of(name).ifPresent(at -> stacks.merge(at.stack(), at.layer() + 1, Math::max));
        this.mainStack = findMainStack();
        this.head = matrix(Role.LM_HEAD);
        this.embeddings = matrix(Role.EMBEDDINGS);
    }

    /** The part of a config that describes the language model: itself, or what is nested in a model of several parts. */
    static JsonObject language(JsonObject config) {
        for (String key : NESTED) if (config.get(key) instanceof JsonObject nested && countKey(nested) != null) return nested;
        return config;
    }

    /** The key of a config that counts its layers; null if it has none. */
    static String countKey(JsonObject config) {
        for (String key : COUNTS) if (isNumber(config.get(key))) return key;
        return null;
    }

    private static boolean isNumber(JsonElement element) { return element != null && element.isJsonPrimitive() && element.getAsJsonPrimitive().isNumber(); }

    /** The config's number of layers; -1 if it has none. */
    int declaredLayers() {
        JsonObject language = language(config);
        String key = countKey(language);
        return key == null ? -1 : language.get(key).getAsInt();
    }

    /** The config's vocab_size; 0 if it has none. */
    long vocabulary() {
        JsonElement size = language(config).get("vocab_size");
        if (!isNumber(size)) size = config.get("vocab_size");
        return isNumber(size) ? size.getAsLong() : 0;
    }

    /** The stack that the config counts; empty if the names do not tell which it is. */
    Optional<String> mainStack() { return mainStack; }

    private Optional<String> findMainStack() {
        int declared = declaredLayers();
        List<String> fitting = new ArrayList<>();
        stacks.forEach((stack, layers) -> {
            if (declared < 0 || layers == declared) fitting.add(stack);
        });
        if (fitting.size() > 1) fitting.removeIf(stack -> !stack.contains("language_model") && !stack.contains("text_model") && !stack.equals("model.layers"));
        return fitting.size() == 1 ? Optional.of(fitting.getFirst()) : Optional.empty();
    }

    /** Why {@link #mainStack} is empty, for a message. */
    String stacksFound() { return stacks.isEmpty() ? "no numbered layers" : stacks.toString(); }

    /** The role of a tensor outside the main stack. */
    Role roleOutside(String name) { return outside.computeIfAbsent(name, key -> Role.outside(key, tensors.get(key).shape(), vocabulary())); }

    /** The head's matrix; null if there is none. */
    SourceTensor head() { return head; }

    /** The token embeddings' matrix; null if there is none. */
    SourceTensor embeddings() { return embeddings; }

    private SourceTensor matrix(Role role) {
        for (SourceTensor tensor : tensors.values()) {
            String name = tensor.name();
            if (tensor.shape().rank() == 2 && isOfTokens(name) && LayerName.of(name).isEmpty() && roleOutside(name) == role) return tensor;
        }
        return null;
    }

    /** Whether embeddings or a head have a row a token, not one a position. */
    static boolean isOfTokens(String name) { return !name.contains("position") && !name.contains("wpe") && !name.contains("token_type"); }

    /** Rows of the token embeddings: how many tokens there are places for; 0 if there are none. */
    long rows() { return embeddings == null ? 0 : embeddings.shape().size(0); }

    /** Whether the head is the embeddings: the config says so, or is silent and no head is stored. */
    boolean isTied() {
        JsonElement flag = config.get("tie_word_embeddings");
        if (flag == null) flag = language(config).get("tie_word_embeddings");
        if (flag != null && flag.isJsonPrimitive() && flag.getAsJsonPrimitive().isBoolean()) return flag.getAsBoolean();
        return head == null && embeddings != null;
    }

    @Override
    public String toString() { return ref.argument(); }
}
