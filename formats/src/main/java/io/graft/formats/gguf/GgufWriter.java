package io.graft.formats.gguf;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.model.Architecture;
import io.graft.engine.model.Rotary;
import io.graft.formats.convert.Encoding;
import io.graft.formats.convert.TensorStream;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.gguf.GgufException.Kind;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * Writes a model of a known family as a GGUF: planned whole, then streamed.
 *
 * <p>Before a byte is written the metadata are read back as {@link GgufModel} would read them, and what they describe must be what
 * config.json describes: a model that the format cannot express is refused, not bent.
 */
public final class GgufWriter {

    /** What matrices may be written as; norms and all that has one dimension stay F32. */
    private static final Set<GgufType> TYPES = Set.of(GgufType.F32, GgufType.F16, GgufType.BF16, GgufType.Q8_0);

    /** A tensor and where it goes. */
    private record Planned(SourceTensor tensor, GgufFile.Entry entry) {}

    private final ModelSource model;
    private final GgufType type;
    private final JsonObject config;
    private final Architecture architecture;
    private final GgufFamily family;
    private final HeaderWriter header = new HeaderWriter();
    private final List<Planned> planned = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    private GgufWriter(ModelSource model, GgufType type) {
        if (!TYPES.contains(type)) throw new IllegalArgumentException("cannot write " + type + "; expected one of " + TYPES);
        this.model = model;
        this.type = type;
        config = model.config();
        if (config.isEmpty()) throw new RequestException(model.name(), "a GGUF needs the model's config.json, and there is none");
        architecture = Architectures.of(model.name() + ": config.json", config);
        family = GgufFamily.ofModelType(config.get("model_type").getAsString());
        if (family == null)
            throw new RequestException(model.name(), "this kind of model is not written to a GGUF", "one of " + Arrays.stream(GgufFamily.values()).map(f -> f.modelType).toList(),
                    architecture.family());
        describe();
        addTokenizer();
        addTensors();
        verify();
    }

    /**
     * Decides everything about a file that is to be written.
     *
     * @param model the model, open until after {@link #write}
     * @param type  F32, F16, BF16 or Q8_0
     * @return what can be written
     * @throws RequestException if the format cannot express the model, or a tensor has no name in it
     */
    public static GgufWriter plan(ModelSource model, GgufType type) { return new GgufWriter(model, type); }

    /** {@return what the user should know, each once: what the file will lack or hold otherwise} */
    public List<String> notes() { return Collections.unmodifiableList(notes); }

    /** {@return bytes of the file} */
    public long bytes() { return header.bytes().length + header.dataBytes(); }

    /** {@return how many tensors it will hold} */
    public int tensorCount() { return planned.size(); }

    private void describe() {
        String prefix = family.architecture + ".";
        Architecture.Attention attention = architecture.attention();
        Rotary rotary = attention.rotary();
        header.put("general.architecture", family.architecture);
        header.put("general.name", Optional.ofNullable(Path.of(model.name()).getFileName()).map(Path::toString).orElse("model"));
        header.put("general.file_type", switch (type) {
            case F32 -> 0L;
            case F16 -> 1L;
            case Q8_0 -> 7L;
            default -> 32L; // mostly BF16
        });
        if (type == GgufType.Q8_0) header.put("general.quantization_version", 2L);
        header.put(prefix + "context_length", (long) architecture.positions());
        header.put(prefix + "embedding_length", (long) architecture.hidden());
        header.put(prefix + "block_count", (long) architecture.layers());
        header.put(prefix + "feed_forward_length", (long) architecture.intermediate());
        header.put(prefix + "vocab_size", (long) architecture.vocabulary());
        header.put(prefix + "attention.head_count", (long) attention.heads());
        header.put(prefix + "attention.head_count_kv", (long) attention.kvHeads());
        header.put(prefix + "attention.key_length", (long) attention.headDim());
        header.put(prefix + "attention.value_length", (long) attention.headDim());
        header.put(prefix + "attention.layer_norm_" + (family == GgufFamily.COHERE ? "" : "rms_") + "epsilon", architecture.norm().epsilon());
        header.put(prefix + "rope.dimension_count", (long) attention.headDim());
        header.put(prefix + "rope.freq_base", rotary.theta());
        switch (rotary.scaling()) {
            case Rotary.Scaling.None _ -> {}
            case Rotary.Scaling.Linear linear -> {
                header.put(prefix + "rope.scaling.type", "linear");
                header.put(prefix + "rope.scaling.factor", linear.factor());
            }
            case Rotary.Scaling.Yarn yarn -> {
                header.put(prefix + "rope.scaling.type", "yarn");
                header.put(prefix + "rope.scaling.factor", yarn.factor());
                header.put(prefix + "rope.scaling.original_context_length", yarn.length());
                header.put(prefix + "rope.scaling.yarn_beta_fast", yarn.fast());
                header.put(prefix + "rope.scaling.yarn_beta_slow", yarn.slow());
            }
            case Rotary.Scaling.Llama3 llama3 -> {
                JsonObject own = new JsonObject();
                own.addProperty("rope_type", "llama3");
                own.addProperty("factor", llama3.factor());
                own.addProperty("low_freq_factor", llama3.low());
                own.addProperty("high_freq_factor", llama3.high());
                own.addProperty("original_max_position_embeddings", llama3.length());
                header.put(GgufConfig.ROPE_SCALING, Json.line(own));
            }
            case Rotary.Scaling.Dynamic _ -> throw new RequestException(model.name(), "a GGUF cannot express rope_scaling of type dynamic");
        }
        if (family == GgufFamily.COHERE) header.put(prefix + "logit_scale", architecture.head().scale());
        if (family == GgufFamily.GEMMA2) {
            header.put(prefix + "attn_logit_softcapping", attention.softCap());
            header.put(prefix + "final_logit_softcapping", architecture.head().softCap());
        }
        int window = attention.windows().stream().filter(size -> size > 0).findFirst().orElse(0);
        if (window > 0) header.put(prefix + "attention.sliding_window", (long) window);
        if (family == GgufFamily.GEMMA3) {
            int firstGlobal = attention.windows().indexOf(0);
            if (firstGlobal >= 0) header.put(prefix + "attention.sliding_window_pattern", firstGlobal + 1L);
            header.put(prefix + "rope.freq_base_swa", attention.localRotary().theta());
        }
    }

    private void addTokenizer() {
        Map<String, String> files = new LinkedHashMap<>();
        for (String name : new String[] {"tokenizer.json", "tokenizer_config.json", "chat_template.jinja"}) {
            String made = model.sideFiles().get(name);
            Path stored = model.folder().map(folder -> folder.resolve(name)).filter(Files::exists).orElse(null);
            if (made != null || stored != null) files.put(name, made != null ? made : Json.readText(stored));
        }
        if (!files.containsKey("tokenizer.json")) {
            notes.add(model.name() + ": no tokenizer.json; the GGUF gets no tokenizer");
            for (String key : new String[] {"bos_token_id", "eos_token_id"}) // ids alone still tell where a text ends
                if (config.get(key) instanceof JsonPrimitive id && id.isNumber()) header.put("tokenizer.ggml." + key, id.getAsLong());
            return;
        }
        String where = model.name() + ": tokenizer.json";
        JsonObject tokenizerConfig = files.containsKey("tokenizer_config.json") ? object("tokenizer_config.json", files) : new JsonObject();
        TokenizerMetadata.add(where, object("tokenizer.json", files), tokenizerConfig, files.get("chat_template.jinja"), config, architecture.vocabulary(), header, notes);
    }

    private JsonObject object(String name, Map<String, String> files) {
        if (Json.parse(model.name() + ": " + name, files.get(name)) instanceof JsonObject object) return object;
        throw new RequestException(model.name() + ": " + name, "not the JSON it should be", "an object", "something else");
    }

    private void addTensors() {
        Architecture.Attention attention = architecture.attention();
        if (attention.rotary().scaling() instanceof Rotary.Scaling.Llama3 llama3) {
            double[] factors = GgufConfig.llama3Factors(attention.headDim(), attention.rotary().theta(), llama3);
            plan(new Constant(GgufConfig.ROPE_FACTORS, factors), GgufConfig.ROPE_FACTORS);
        }
        for (SourceTensor tensor : model.tensors().values()) {
            String name = family.fromHuggingFace(tensor.name());
            if (tensor.name().endsWith("rotary_emb.inv_freq") || tensor.name().equals("lm_head.weight") && tied()) {
                notes.add(model.name() + ": " + tensor.name() + " follows from the rest; left out");
                continue;
            }
            if (name == null) throw new RequestException(model.name() + ": " + tensor.name(), "a tensor that a GGUF of a " + family.architecture + " has no name for");
            if (!tensor.dtype().isComputable()) throw new RequestException(model.name() + ": " + tensor.name(), "a dtype that is not written", "F32, BF16 or F16", tensor.dtype());
            long heads = family.permutedHeads(tensor.name(), attention.heads(), attention.kvHeads());
            SourceTensor own = tensor;
            if (heads != 0) own = Rearranged.rows(own, new HeadOrder(attention.headDim())::inModel);
            if (family.normOffset != 0 && GgufFamily.isNorm(tensor.name())) own = Rearranged.plus(own, family.normOffset);
            plan(own, name);
        }
    }

    private boolean tied() { return architecture.head().tied(); }

    private void plan(SourceTensor tensor, String name) {
        GgufType as = tensor.shape().rank() < 2 || GgufFamily.isNorm(tensor.name()) ? GgufType.F32 : type;
        if (tensor.shape().columns() % as.elements() != 0) {
            notes.add(model.name() + ": rows of " + tensor.name() + " are no whole number of " + as + " blocks of " + as.elements() + "; written as F32");
            as = GgufType.F32;
        }
        planned.add(new Planned(tensor, header.add(name, as, tensor.shape())));
    }

    /** What a reader will make of the header must be what config.json says. */
    private void verify() {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        Map<String, float[]> small = new LinkedHashMap<>();
        for (Planned each : planned) {
            shapes.put(each.entry.name(), each.entry.shape());
            if (each.tensor instanceof Constant constant) small.put(constant.name, constant.floats());
        }
        JsonObject back = GgufConfig.of(family, new GgufMetadata(model.name(), header.metadata()), shapes, small::get, DType.F32);
        String expected = comparable(architecture), found = comparable(Architectures.of(model.name(), back));
        if (!expected.equals(found)) throw new GgufException(Kind.BAD_METADATA, model.name(), "a GGUF cannot express this model", expected, found);
    }

    /** All of it but the family's name, and theta and factors as the singles that a file holds. */
    private static String comparable(Architecture a) {
        return new Architecture("", a.layers(), a.hidden(), a.intermediate(), a.vocabulary(), a.embeddingScale(), a.norm(), a.block(), a.attention(), a.mlp(), a.head(), a.positions()).toString();
    }

    /**
     * Writes the file: under a temporary name beside it, renamed when it is complete and on disk.
     *
     * @param target  the file; one that is there is replaced
     * @param threads how many work
     * @param written told of bytes of tensors as they are written, from any thread
     * @throws RunException if something cannot be read or written; the target is then as it was
     */
    public void write(Path target, int threads, LongConsumer written) {
        byte[] head = header.bytes();
        AtomicFile.write(target, file -> {
            ByteBuffer buffer = ByteBuffer.wrap(head);
            while (buffer.hasRemaining()) file.write(buffer, buffer.position());
            List<TensorStream.Job> jobs = new ArrayList<>();
            for (Planned each : planned) jobs.add(new TensorStream.Job(each.tensor, encoding(each.entry.type()), file, head.length + each.entry.offset()));
            TensorStream.write(jobs, threads, written);
            // The last tensor's padding, too, is part of the file.
            if (file.size() < head.length + header.dataBytes()) file.write(ByteBuffer.allocate(1), head.length + header.dataBytes() - 1);
        });
    }

    private static Encoding encoding(GgufType type) { return type == GgufType.Q8_0 ? new Q8Encoding() : Encoding.of(type.dtype()); }

    /**
     * A tensor of our own making.
     *
     * @param name   its name
     * @param values its elements
     */
    private record Constant(String name, double[] values) implements SourceTensor {

        @Override
        public DType dtype() { return DType.F32; }

        @Override
        public Shape shape() { return Shape.of(values.length); }

        @Override
        public Optional<StoredRange> stored() { return Optional.empty(); }

        @Override
        public void readF32(long first, long count, MemorySegment to) { MemorySegment.copy(floats(), (int) first, to, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, (int) count); }

        float[] floats() {
            float[] floats = new float[values.length];
            for (int i = 0; i < floats.length; i++) floats[i] = (float) values[i];
            return floats;
        }
    }
}
