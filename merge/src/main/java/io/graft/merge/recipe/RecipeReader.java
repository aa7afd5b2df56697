package io.graft.merge.recipe;

import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.merge.recipe.Source.LayerRange;
import io.graft.merge.yaml.Problems;
import io.graft.merge.yaml.Suggestion;
import io.graft.merge.yaml.YamlReader;
import io.graft.merge.yaml.YamlValue.Entry;
import io.graft.merge.yaml.YamlValue.Items;
import io.graft.merge.yaml.YamlValue.Nothing;
import io.graft.merge.yaml.YamlValue.Table;
import io.graft.merge.yaml.YamlValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * Binds mergekit's YAML and {@code layer_swap} to a {@link Recipe}. Every mistake that can be seen without opening a model is
 * found here, all at once, each with line and column; nothing that a recipe says is silently without effect.
 */
public final class RecipeReader {

    private static final List<String> COMMON = List.of("merge_method", "base_model", "dtype", "out_dtype", "tokenizer_source", "tokenizer", "chat_template", "name", "random_seed");
    private static final List<String> INPUTS = List.of("models", "slices", "modules", "parameters");

    /** Methods with keys of their own in the place of inputs. */
    private static final SequencedMap<String, List<String>> OWN = new LinkedHashMap<>();

    static {
        OWN.put("layer_swap", SwapReader.KEYS);
        OWN.put("reset", ResetReader.KEYS);
    }

    private final String name;
    private final String text;
    private final Problems problems = new Problems();
    private final RecipeBinder bind = new RecipeBinder(problems);

    private RecipeReader(String name, String text) {
        this.name = name;
        this.text = text;
    }

    /**
     * Reads a recipe.
     *
     * @param name what errors call it: its file
     * @param text its YAML
     * @return the recipe
     * @throws RequestException if anything is wrong with it; the other problems are its suppressed exceptions
     */
    public static Recipe read(String name, String text) {
        RecipeReader reader = new RecipeReader(name, text);
        Recipe recipe = reader.recipe(YamlReader.read(name, text, reader.problems));
        reader.problems.throwIfAny();
        return recipe;
    }

    /**
     * Binds a recipe that stands inside another document.
     *
     * @param name     what errors call it beside its lines
     * @param document its tree, whose marks are the places in that document
     * @param text     its text, as it is written beside an output
     * @return the recipe
     * @throws RequestException if anything is wrong with it; the other problems are its suppressed exceptions
     */
    public static Recipe bind(String name, YamlValue document, String text) {
        RecipeReader reader = new RecipeReader(name, text);
        Recipe recipe = reader.recipe(document);
        reader.problems.throwIfAny();
        return recipe;
    }

    /** The recipe, or null where problems say why not. */
    private Recipe recipe(YamlValue document) {
        if (document instanceof Nothing) {
            problems.add(document.mark(), "an empty recipe", "merge_method and models", "nothing");
            return null;
        }
        Table top = bind.table(document, "a recipe");
        if (top == null) return null;
        Optional<MethodSpec> method = method(top);
        keys(top, method);
        Optional<ModelRef> base = model(top, "base_model");
        Optional<DType> dtype = dtype(top, "dtype"), outDtype = dtype(top, "out_dtype");
        Optional<ModelRef> tokenizer = tokenizer(top, base);
        long seed = present(top, "random_seed") ? bind.count(value(top, "random_seed"), "random_seed", 0) : 0;
        if (method.isEmpty()) return null;
        if (method.get().name().equals("layer_swap")) {
            Optional<LayerSwap> swap = new SwapReader(bind, top).read(base.isPresent());
            return new Recipe(name, text, method.get(), base, List.of(), true, swap, Optional.empty(), Map.of(), dtype, outDtype, tokenizer, seed, problems.warnings());
        }
        if (method.get().name().equals("reset")) {
            Optional<Reset> reset = new ResetReader(bind, top).read(base.isPresent());
            return new Recipe(name, text, method.get(), base, List.of(), true, Optional.empty(), reset, Map.of(), dtype, outDtype, tokenizer, seed, problems.warnings());
        }
        SettingReader settings = new SettingReader(bind, method.get());
        Map<String, Setting> outer = settings.read(value(top, "parameters"), false);
        List<Slice> slices = slices(top, settings);
        for (Slice slice : slices) arity(method.get(), slice, slice.base().isPresent() ? slice.base() : base, !top.entries().containsKey("slices"));
        if (!method.get().supported()) {
            problems.add(top.entries().get("merge_method").value().mark(), "merge method " + method.get().name() + " is not supported yet", null, null,
                    "methods that run: " + String.join(", ", MethodSpec.supportedNames()));
        }
        return new Recipe(name, text, method.get(), base, slices, top.entries().containsKey("models"), Optional.empty(), Optional.empty(), outer, dtype, outDtype, tokenizer, seed, problems.warnings());
    }

    private Optional<MethodSpec> method(Table top) {
        Entry entry = top.entries().get("merge_method");
        if (entry == null) {
            problems.add(top.mark(), "merge_method is missing", String.join("|", MethodSpec.supportedNames()), null);
            return Optional.empty();
        }
        String word = bind.text(entry.value(), "merge_method");
        if (word == null) return Optional.empty();
        Optional<MethodSpec> method = MethodSpec.of(word);
        if (method.isEmpty()) problems.add(entry.value().mark(), "'" + word + "' is no merge method", null, null, Suggestion.of(word, MethodSpec.names()));
        return method;
    }

    private void keys(Table top, Optional<MethodSpec> method) {
        String word = method.map(MethodSpec::name).orElse("");
        boolean named = OWN.containsKey(word);
        List<String> known = new ArrayList<>(COMMON);
        known.addAll(OWN.getOrDefault(word, INPUTS));
        top.entries().forEach((key, entry) -> {
            if (known.contains(key)) return;
            Optional<String> owner = OWN.keySet().stream().filter(other -> OWN.get(other).contains(key)).findFirst();
            if (named && INPUTS.contains(key)) problems.add(entry.key(), word + " takes no " + key, word.equals("reset") ? "expert" : "language and task", key);
            else if (method.isPresent() && owner.isPresent()) problems.add(entry.key(), "'" + key + "' belongs to the method " + owner.get() + ", and this recipe's is " + word);
            else if (owner.isEmpty()) bind.unknown(entry.key(), key, "the recipe", known);
        });
        if (present(top, "chat_template")) {
            problems.add(top.entries().get("chat_template").key(), "chat_template is not supported yet", null, null, "without it the tokenizer's own template is copied");
        }
        if (present(top, "name")) problems.warn(top.entries().get("name").key() + ": 'name' is ignored: the output is named by the command line");
        if (!named && present(top, "modules")) problems.add(top.entries().get("modules").key(), "modules is not supported yet", "models or slices", "modules");
    }

    private Optional<ModelRef> tokenizer(Table top, Optional<ModelRef> base) {
        Optional<ModelRef> from = Optional.empty();
        if (present(top, "tokenizer_source")) from = tokenizerSource(top.entries().get("tokenizer_source"), base);
        if (!present(top, "tokenizer")) return from;
        Entry entry = top.entries().get("tokenizer");
        if (present(top, "tokenizer_source")) problems.add(entry.key(), "tokenizer and tokenizer_source exclude each other");
        Table table = bind.table(entry.value(), "tokenizer");
        if (table == null) return from;
        bind.onlyKeys(table, "tokenizer", List.of("source", "tokens", "pad_to_multiple_of"));
        for (String later : List.of("tokens", "pad_to_multiple_of")) {
            if (present(table, later)) problems.add(table.entries().get(later).key(), "tokenizer." + later + " is not supported yet");
        }
        Entry source = table.entries().get("source");
        if (source != null) return tokenizerSource(source, base);
        problems.add(entry.key(), "tokenizer: union, the default source, is not supported yet", "source: base, or a model", null);
        return from;
    }

    private Optional<ModelRef> tokenizerSource(Entry entry, Optional<ModelRef> base) {
        Optional<ModelRef> model = bind.model(entry.value(), "tokenizer_source");
        if (model.isEmpty()) return model;
        if (model.get().argument().equals("union")) {
            problems.add(entry.value().mark(), "tokenizer_source: union is not supported yet", "base, or a model", "union");
            return Optional.empty();
        }
        if (!model.get().argument().equals("base")) return model;
        if (base.isEmpty()) problems.add(entry.value().mark(), "tokenizer_source: base needs base_model, which is missing");
        return base;
    }

    private Optional<DType> dtype(Table top, String key) {
        Entry entry = top.entries().get(key);
        if (entry == null || entry.value() instanceof Nothing) return Optional.empty();
        String word = bind.text(entry.value(), key);
        if (word == null) return Optional.empty();
        DType dtype = DType.ofName(word);
        if (dtype != null && dtype.isComputable()) return Optional.of(dtype);
        problems.add(entry.value().mark(), "'" + word + "' is no dtype that a merge can have", "float32|bfloat16|float16", word);
        return Optional.empty();
    }

    private List<Slice> slices(Table top, SettingReader settings) {
        Entry models = top.entries().get("models"), slices = top.entries().get("slices");
        if (models != null && slices != null) {
            problems.add(slices.key(), "models and slices exclude each other", "one of them", "both; models stands at line " + models.key().line());
            return List.of();
        }
        if (models == null && slices == null) {
            if (!present(top, "modules")) problems.add(top.mark(), "nothing to merge", "models or slices", "neither");
            return List.of();
        }
        if (models != null) {
            List<Source> sources = sources(bind.items(models.value(), "models"), "models", settings);
            return sources.isEmpty() ? List.of() : List.of(new Slice(sources, Optional.empty(), Map.of(), models.key()));
        }
        List<Slice> all = new ArrayList<>();
        for (YamlValue item : bind.items(slices.value(), "slices")) slice(item, settings).ifPresent(all::add);
        return all;
    }

    private Optional<Slice> slice(YamlValue value, SettingReader settings) {
        Table table = bind.table(value, "a slice");
        if (table == null) return Optional.empty();
        bind.onlyKeys(table, "a slice", List.of("sources", "base_model", "residual_weight", "parameters"));
        if (present(table, "residual_weight")) problems.warn(table.entries().get("residual_weight").key() + ": residual_weight is ignored, as in mergekit");
        if (!table.entries().containsKey("sources")) {
            problems.add(table.mark(), "sources is missing in a slice");
            return Optional.empty();
        }
        Map<String, Setting> parameters = settings.read(value(table, "parameters"), false);
        List<Source> sources = sources(bind.items(value(table, "sources"), "sources"), "sources", settings);
        if (sources.isEmpty()) return Optional.empty();
        for (Source source : sources) {
            if (source.layers().isEmpty() || sources.getFirst().layers().isEmpty()) continue;
            int first = sources.getFirst().layers().get().length(), length = source.layers().get().length();
            if (first != length) problems.add(source.layers().get().mark(), "the sources of a slice must have the same number of layers", first + " as " + sources.getFirst().model(), length + " of " + source.model());
        }
        return Optional.of(new Slice(sources, model(table, "base_model"), parameters, table.mark()));
    }

    private List<Source> sources(List<YamlValue> items, String what, SettingReader settings) {
        boolean ranged = what.equals("sources");
        List<Source> all = new ArrayList<>();
        for (YamlValue item : items) {
            Table table = bind.table(item, "an entry of " + what);
            if (table == null) continue;
            bind.onlyKeys(table, "an entry of " + what, ranged ? List.of("model", "layer_range", "parameters") : List.of("model", "parameters"));
            Map<String, Setting> parameters = settings.read(value(table, "parameters"), true);
            Optional<LayerRange> range = ranged ? range(table) : Optional.empty();
            if (!table.entries().containsKey("model")) problems.add(table.mark(), "model is missing in an entry of " + what);
            else bind.model(value(table, "model"), "model").ifPresent(model -> all.add(new Source(model, range, parameters, table.mark())));
        }
        return all;
    }

    private Optional<LayerRange> range(Table table) {
        Entry entry = table.entries().get("layer_range");
        if (entry == null) {
            problems.add(table.mark(), "layer_range is missing in a source of a slice", "[start, end]", null);
            return Optional.empty();
        }
        if (!(entry.value() instanceof Items list) || list.items().size() != 2) {
            problems.add(entry.value().mark(), "layer_range must be a list of two", "[start, end], the end not included", entry.value().kind());
            return Optional.empty();
        }
        int start = bind.count(list.items().get(0), "the start of layer_range", 0), end = bind.count(list.items().get(1), "the end of layer_range", 0);
        if (start > end) problems.add(entry.value().mark(), "layer_range must be 0 <= start <= end", "an end of at least " + start, end);
        return Optional.of(new LayerRange(start, Math.max(start, end), entry.value().mark()));
    }

    /** How many models a method takes, and what it does with the base. */
    private void arity(MethodSpec method, Slice slice, Optional<ModelRef> base, boolean whole) {
        boolean needsBase = method.base() == MethodSpec.Base.COUNTED || method.base() == MethodSpec.Base.REQUIRED;
        if (needsBase && base.isEmpty()) {
            problems.add(slice.mark(), "base_model is missing: " + method.name() + " needs one");
            return;
        }
        long listed = base.isEmpty() ? 0 : slice.sources().stream().filter(source -> source.model().key().equals(base.get().key())).count();
        if (needsBase && listed == 0 && !whole) {
            problems.add(slice.mark(), "the base model is no source of this slice", "a source with the model " + base.get() + " and its layer_range", null);
            return;
        }
        boolean apart = method.base() == MethodSpec.Base.REQUIRED || method.base() == MethodSpec.Base.OPTIONAL;
        long count = slice.sources().size() - (apart ? Math.min(1, listed) : method.base() == MethodSpec.Base.COUNTED && listed == 0 ? -1 : 0);
        if (count >= method.least() && count <= method.most()) return;
        String models = method.least() == 1 && method.most() == 1 ? " model" : " models";
        String wanted = (method.least() == method.most() ? "exactly " : "at least ") + method.least() + models + (apart ? " beside the base" : needsBase ? ", the base among them" : "");
        problems.add(slice.mark(), method.name() + " takes " + wanted, wanted, count);
    }

    private Optional<ModelRef> model(Table table, String key) { return present(table, key) ? bind.model(value(table, key), key) : Optional.empty(); }

    private static YamlValue value(Table table, String key) { return table.entries().containsKey(key) ? table.entries().get(key).value() : null; }

    private static boolean present(Table table, String key) { return table.entries().containsKey(key) && !(table.entries().get(key).value() instanceof Nothing); }
}
