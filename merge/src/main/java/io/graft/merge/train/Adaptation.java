package io.graft.merge.train;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.autograd.Parameter;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.engine.train.CounterRandom;
import io.graft.engine.train.Parameters;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.peft.Adapter;
import io.graft.formats.peft.AdapterConfig;
import io.graft.formats.peft.AdapterWriter;
import io.graft.formats.peft.LoraPair;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeSet;

/**
 * An adapter to be trained: what it puts beside and in the place of a model's weights, begun afresh or gone on with, and how PEFT
 * saves it.
 *
 * <p>A fresh one begins as PEFT's do: A uniform within ±1/√in (Kaiming's with a = √5) or, with {@code gaussian}, normal with deviation
 * 1/r; B zero; of an embedding A zero and B standard normal; DoRA's magnitudes the norms of the weight's rows. The random numbers are
 * {@link CounterRandom}'s under a key of the seed and the factor's name, so that a module's factors do not depend on which others
 * are adapted.
 *
 * <p>Planning is over when it exists: {@link #apply} only reads weights. It keeps nothing open. Immutable.
 */
public final class Adaptation {

    private static final String EMBEDDING = AdapterModules.EMBEDDING, HEAD = AdapterModules.HEAD, EMBEDDING_WEIGHT = EMBEDDING + ".weight", HEAD_WEIGHT = HEAD + ".weight";

    /** What PEFT writes of keys that nobody set. */
    private static final Map<String, JsonElement> DEFAULTS = defaults();

    private final AdapterConfig config;
    private final String baseName;
    private final AdapterModules base;
    private final long seed;
    private final SequencedMap<String, Factors> factors = new LinkedHashMap<>();
    /** Trained whole, by name: from what they start. */
    private final SequencedMap<String, SourceTensor> whole = new LinkedHashMap<>();
    /** Whether the head of a tied model stays as it is while the embedding changes. */
    private boolean frozenHead;
    /** Whether head and embedding are one trained matrix, saved under both names. */
    private boolean savedTwice;

    /** What a module gets: {@code given} is null for a fresh one. */
    private record Factors(Shape a, Shape b, double scale, LoraPair given) {}

    private Adaptation(AdapterConfig config, ModelSource source, long seed) {
        this.config = config;
        this.baseName = source.name();
        this.base = new AdapterModules(source);
        this.seed = seed;
        config.dropout();
    }

    /**
     * Begins an adapter.
     *
     * @param config which modules, rank, scale, and all else that PEFT's config says
     * @param base   the model, open as long as this is applied
     * @param seed   of the factors
     * @return the adapter to be trained
     * @throws RequestException if the config names no modules of the base, or asks for what Graft cannot train
     */
    public static Adaptation fresh(AdapterConfig config, ModelSource base, long seed) {
        Adaptation adaptation = new Adaptation(config, base, seed);
        AdapterModules modules = adaptation.base;
        config.gaussianInitialisation();
        List<String> adapted = modules.adapted(config);
        for (String module : adapted) {
            Shape inOut = modules.inOut(module);
            long rank = config.rank(module);
            adaptation.factors.put(module, new Factors(Shape.of(rank, inOut.size(0)), Shape.of(inOut.size(1), rank), config.scale(module, rank), null));
        }
        adaptation.whole.putAll(modules.saved(config));
        adaptation.whole.putAll(modules.biases(config, adapted));
        adaptation.tie();
        return adaptation;
    }

    /**
     * Goes on with an adapter.
     *
     * @param adapter open as long as this is applied
     * @param base    the model without it, as long
     * @return the adapter to be trained
     * @throws RequestException if it does not fit the base, or is one that Graft cannot train
     */
    public static Adaptation of(Adapter adapter, ModelSource base) {
        Adaptation adaptation = new Adaptation(adapter.config(), base, 0);
        AdapterModules modules = adaptation.base;
        adapter.pairs().forEach((module, pair) -> {
            if (modules.weight(module) == null) throw new RequestException(adapter.folder() + ": " + module, "the base " + base.name() + " has no such module");
            Shape inOut = modules.inOut(module);
            if (pair.in() != inOut.size(0) || pair.out() != inOut.size(1))
                throw new RequestException(adapter.folder() + ": " + module, "factors that do not fit the base " + base.name(), "in " + inOut.size(0) + ", out " + inOut.size(1),
                        "in " + pair.in() + ", out " + pair.out());
            adaptation.factors.put(module, new Factors(pair.a().shape(), pair.b().shape(), pair.scale(), pair));
        });
        adapter.replaced().forEach((name, tensor) -> {
            SourceTensor old = base.tensors().get(name);
            if (old == null && modules.tied() && name.equals(HEAD_WEIGHT)) old = modules.weight(HEAD);
            if (old == null) throw new RequestException(adapter.folder() + ": " + name, "the base " + base.name() + " has no such tensor");
            if (!old.shape().equals(tensor.shape()))
                throw new RequestException(adapter.folder() + ": " + name, "a saved tensor that does not fit the base " + base.name(), old.shape(), tensor.shape());
            adaptation.whole.put(name, tensor);
        });
        adaptation.tie();
        return adaptation;
    }

    /** Decides what becomes of a tied head. */
    private void tie() {
        for (String module : factors.keySet())
            if (whole.containsKey(module + ".weight")) throw new RequestException(config.where() + ": " + module, "is adapted and saved whole", "target_modules or modules_to_save", "both");
        if (!base.tied()) return;
        boolean together = config.ensuresWeightTying(), headChanges = factors.containsKey(HEAD) || whole.containsKey(HEAD_WEIGHT);
        if (together && (factors.containsKey(EMBEDDING) || factors.containsKey(HEAD)))
            throw new RequestException(config.where(), "ensure_weight_tying with an adapted embedding or head: Graft does not train one matrix through two updates",
                    "modules_to_save: [embed_tokens], or ensure_weight_tying: false", "both");
        if (together && (headChanges || whole.containsKey(EMBEDDING_WEIGHT))) {
            whole.putIfAbsent(EMBEDDING_WEIGHT, base.weight(EMBEDDING));
            whole.remove(HEAD_WEIGHT);
            savedTwice = true;
        } else frozenHead = whole.containsKey(EMBEDDING_WEIGHT) && !whole.containsKey(HEAD_WEIGHT);
    }

    /** {@return the config that it follows} */
    public AdapterConfig config() { return config; }

    /** {@return the modules that get factors, in the model's order} */
    public List<String> modules() { return List.copyOf(factors.keySet()); }

    /** {@return the sizes of all that is trained, by the names of {@link Parameters#trained}} */
    public SequencedMap<String, Shape> trained() {
        SequencedMap<String, Shape> trained = new LinkedHashMap<>();
        whole.forEach((name, tensor) -> trained.put(name, tensor.shape()));
        factors.forEach((module, each) -> {
            boolean embedding = module.equals(EMBEDDING);
            trained.put(module + (embedding ? ".lora_embedding_A" : ".lora_A.weight"), each.a);
            trained.put(module + (embedding ? ".lora_embedding_B" : ".lora_B.weight"), each.b);
            if (config.dora()) trained.put(module + ".lora_magnitude_vector", Shape.of(each.b.size(0)));
        });
        return trained;
    }

    /**
     * Puts it upon parameters: what it trains is trained, with the values from which it starts.
     *
     * @param parameters of the base, all frozen
     * @param kernels    allocate and convert
     */
    public void apply(Parameters parameters, Kernels kernels) {
        if (frozenHead) parameters.freeze(HEAD_WEIGHT, parameters.get(EMBEDDING_WEIGHT).value());
        whole.forEach((name, source) -> {
            try (Tensor start = read(source)) {
                parameters.train(name, start, kernels);
            }
        });
        factors.forEach((module, each) -> {
            List<Tensor> made = new ArrayList<>();
            try {
                LoraPair given = each.given;
                Tensor a = keep(made, given == null ? AdapterStart.a(config, seed, module, each.a) : read(given.a()));
                Tensor b = keep(made, given == null ? AdapterStart.b(seed, module, each.b) : read(given.b()));
                Tensor magnitude = !config.dora() ? null : keep(made, given == null ? AdapterStart.magnitude(module, base.weight(module), kernels) : read(given.magnitude()));
                parameters.adapt(module, new Parameters.Update(a, b, magnitude, (float) each.scale, (float) config.dropout()), kernels);
            } finally {
                made.forEach(Tensor::close);
            }
        });
    }

    private static Tensor keep(List<Tensor> made, Tensor tensor) {
        made.add(tensor);
        return tensor;
    }

    private static Tensor read(SourceTensor source) {
        Tensor tensor = Tensor.allocate(source.name(), DType.F32, source.shape());
        source.readF32(0, source.shape().elements(), tensor.segment());
        return tensor;
    }

    /**
     * Writes the adapter as it is trained so far, as PEFT does.
     *
     * @param folder     where; made if missing, its two files replaced
     * @param parameters to which this has been applied
     * @param dtype      of what is written: F32, as PEFT writes, BF16 or F16
     * @throws io.graft.engine.RunException if a file cannot be written
     */
    public void write(Path folder, Parameters parameters, DType dtype) {
        SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
        for (Parameter each : parameters.trained()) tensors.put(peftName(each.name()), each.value());
        if (savedTwice) tensors.put(HEAD_WEIGHT, tensors.get(EMBEDDING_WEIGHT));
        AdapterWriter.write(folder, json(), tensors, dtype);
    }

    /** A bias lies in the wrapped layer where its module is adapted; all other names are PEFT's already. */
    private String peftName(String name) {
        int dot = name.lastIndexOf('.');
        return name.endsWith(".bias") && factors.containsKey(name.substring(0, dot)) ? name.substring(0, dot) + ".base_layer.bias" : name;
    }

    /** What adapter_config.json says: the config, its targets by name, and PEFT's defaults in full. */
    private JsonObject json() {
        JsonObject json = config.json();
        if (AdapterModules.allLinear(config)) {
            TreeSet<String> names = new TreeSet<>();
            for (String module : factors.keySet()) names.add(AdapterModules.last(module));
            JsonArray list = new JsonArray();
            names.forEach(list::add);
            json.add("target_modules", list);
        }
        if (config.baseModel() == null) json.addProperty("base_model_name_or_path", baseName);
        DEFAULTS.forEach((key, value) -> {
            if (!json.has(key)) json.add(key, value.deepCopy());
        });
        json.addProperty("inference_mode", true);
        return json;
    }

    private static Map<String, JsonElement> defaults() {
        JsonObject defaults = new JsonObject();
        for (String key : List.of("exclude_modules", "layers_pattern", "layers_to_transform", "modules_to_save", "revision")) defaults.add(key, JsonNull.INSTANCE);
        for (String key : List.of("alpha_pattern", "rank_pattern")) defaults.add(key, new JsonObject());
        for (String key : List.of("fan_in_fan_out", "use_dora", "use_rslora", "ensure_weight_tying")) defaults.addProperty(key, false);
        defaults.addProperty("bias", "none");
        defaults.addProperty("init_lora_weights", true);
        defaults.addProperty("lora_alpha", 8);
        defaults.addProperty("lora_dropout", 0.0);
        defaults.addProperty("peft_type", "LORA");
        defaults.addProperty("r", 8);
        defaults.addProperty("task_type", "CAUSAL_LM");
        return Collections.unmodifiableMap(defaults.asMap());
    }
}
