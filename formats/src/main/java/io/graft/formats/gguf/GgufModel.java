package io.graft.formats.gguf;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import com.google.gson.JsonObject;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Owner;
import io.graft.engine.memory.Shape;
import io.graft.formats.gguf.GgufException.Kind;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A GGUF file as a Hugging Face model: its names, its order of rows, a config.json and a tokenizer made from the metadata.
 */
public final class GgufModel implements ModelSource {

    private final GgufFile file;
    private final JsonObject config;
    private final SequencedMap<String, SourceTensor> tensors = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();
    private SequencedMap<String, String> sideFiles;

    private GgufModel(GgufFile file) {
        this.file = file;
        GgufMetadata metadata = file.metadata();
        String architecture = metadata.text("general.architecture");
        GgufFamily family = GgufFamily.ofArchitecture(architecture);
        if (family == null)
            throw metadata.error("general.architecture", "one of " + Arrays.stream(GgufFamily.values()).map(f -> f.architecture).toList(), architecture);
        if (metadata.integer("split.count", 1) > 1)
            throw new GgufException(Kind.BAD_METADATA, file.path().toString(), "a part of a model that is split over several files", "split.count 1", metadata.get("split.count"),
                    "join the parts first: llama-gguf-split --merge FIRST-PART OUT.gguf");
        Map<String, Shape> shapes = new LinkedHashMap<>();
        Map<DType, Long> elements = new EnumMap<>(DType.class);
        for (GgufFile.Entry entry : file.tensors().values()) {
            shapes.put(entry.name(), entry.shape());
            elements.merge(entry.type().dtype() == null ? DType.F32 : entry.type().dtype(), entry.shape().elements(), Long::sum);
        }
        DType most = elements.entrySet().stream().max(Map.Entry.comparingByValue()).map(Map.Entry::getKey).orElse(DType.F32);
        config = GgufConfig.of(family, metadata, shapes, name -> values(file.tensors().get(name)), most);
        long heads = config.get("num_attention_heads").getAsLong(), kvHeads = config.get("num_key_value_heads").getAsLong();
        for (GgufFile.Entry entry : file.tensors().values()) add(family, entry, heads, kvHeads);
        if (!GgufTokenizer.isPresent(metadata)) notes.add(file.path() + ": the metadata holds no tokenizer; texts need one from elsewhere, ids do not");
    }

    /**
     * Opens a model.
     *
     * @param path the file
     * @return the model; close it
     * @throws GgufException if it is no valid GGUF, its {@code general.architecture} is unknown, or its metadata says what Graft cannot honour
     * @throws io.graft.engine.RequestException if there is no such file
     * @throws io.graft.engine.RunException     if it cannot be read
     */
    public static GgufModel open(Path path) {
        GgufFile file = GgufFile.open(path);
        try {
            return new GgufModel(file);
        } catch (RuntimeException error) {
            file.close();
            throw error;
        }
    }

    private void add(GgufFamily family, GgufFile.Entry entry, long heads, long kvHeads) {
        String name = family.toHuggingFace(entry.name());
        if (name == null) {
            if (entry.name().startsWith("blk."))
                throw new GgufException(Kind.BAD_METADATA, file.path().toString(), "tensor " + entry.name(), "a tensor that a " + family.architecture + " has", "another");
            if (!entry.name().equals(GgufConfig.ROPE_FACTORS)) notes.add(file.path() + ": tensor " + entry.name() + " is no part of a " + family.architecture + "; left out");
            return;
        }
        long permuted = family.permutedHeads(name, heads, kvHeads);
        if (permuted != 0 && entry.shape().size(0) % (2 * permuted) != 0)
            throw new GgufException(Kind.BAD_METADATA, file.path().toString(), "tensor " + entry.name(), "rows for " + permuted + " heads of even width", entry.shape());
        SourceTensor view = new View(name, file, entry);
        if (permuted != 0) view = Rearranged.rows(view, new HeadOrder(entry.shape().size(0) / permuted)::inFile);
        tensors.put(name, GgufFamily.isNorm(name) && family.normOffset != 0 ? Rearranged.plus(view, -family.normOffset) : view);
    }

    private float[] values(GgufFile.Entry entry) {
        try (Owner owner = Owner.allocate(entry.name(), entry.shape().elements() * 4)) {
            file.readF32(entry, 0, entry.shape().elements(), owner.segment());
            return owner.segment().toArray(JAVA_FLOAT_UNALIGNED);
        }
    }

    /** A tensor of the file as it stands there, under its other name. */
    private record View(String name, GgufFile file, GgufFile.Entry entry) implements SourceTensor {

        @Override
        public DType dtype() { return entry.type().dtype() == null ? DType.F32 : entry.type().dtype(); }

        @Override
        public Shape shape() { return entry.shape(); }

        @Override
        public Optional<StoredRange> stored() {
            return entry.type().dtype() == null ? Optional.empty() : Optional.of(new StoredRange(file.path(), entry.offset(), entry.bytes()));
        }

        @Override
        public void readF32(long first, long count, MemorySegment to) { file.readF32(entry, first, count, to); }
    }

    @Override
    public String name() { return file.path().toString(); }

    @Override
    public SequencedMap<String, SourceTensor> tensors() { return Collections.unmodifiableSequencedMap(tensors); }

    @Override
    public JsonObject config() { return config.deepCopy(); }

    /** {@return empty: what goes with the model is in {@link #sideFiles}} */
    @Override
    public Optional<Path> folder() { return Optional.empty(); }

    /**
     * The tokenizer: tokenizer.json and tokenizer_config.json with the chat template; nothing where the metadata has none.
     *
     * @throws GgufException if {@code tokenizer.ggml.model} or {@code tokenizer.ggml.pre} is one that Graft does not know
     */
    @Override
    public synchronized SequencedMap<String, String> sideFiles() {
        if (sideFiles == null) sideFiles = GgufTokenizer.files(file.metadata());
        return Collections.unmodifiableSequencedMap(sideFiles);
    }

    @Override
    public List<String> notes() { return Collections.unmodifiableList(notes); }

    /** {@return the file's metadata} */
    public GgufMetadata metadata() { return file.metadata(); }

    @Override
    public void close() { file.close(); }
}
