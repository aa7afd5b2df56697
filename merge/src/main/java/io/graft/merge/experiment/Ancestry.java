package io.graft.merge.experiment;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.memory.Owner;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Whether an expert descends from a base: same tensors, same vocabulary, and a task vector that is small beside the base. Two
 * models trained apart differ by about √2 of their norm; fine-tuning moves a model by some hundredths, hard training by tenths.
 */
final class Ancestry {

    /** A task vector longer than this, relative to the base, is no fine-tuning. */
    static final double LONGEST = 0.7;
    /** Elements that are read of a tensor at most, in pieces evenly over it. */
    private static final int SAMPLE = 1 << 18, PIECE = 1 << 14;

    /**
     * What was found.
     *
     * @param foreign  why the expert seems to be of another base; empty if it does not
     * @param distance norm of the task vector over that of the base, in the matrices; NaN where shapes differ
     */
    record Finding(Optional<String> foreign, double distance) {}

    private Ancestry() {}

    static Finding check(ModelSource base, ModelSource expert) {
        List<String> wrong = new ArrayList<>();
        shapes(base, expert, wrong);
        vocabulary(base, expert, wrong);
        if (!wrong.isEmpty()) return new Finding(Optional.of(String.join("; ", wrong)), Double.NaN);
        double distance = distance(base, expert);
        if (distance <= LONGEST) return new Finding(Optional.empty(), distance);
        return new Finding(Optional.of(String.format(Locale.ROOT, "its task vector is %.2f times as long as the base (fine-tuned models: below %.1f; models trained apart: about 1.4)", distance, LONGEST)), distance);
    }

    private static void shapes(ModelSource base, ModelSource expert, List<String> wrong) {
        for (Map.Entry<String, SourceTensor> each : base.tensors().entrySet()) {
            SourceTensor other = expert.tensors().get(each.getKey());
            if (other == null) wrong.add("it has no tensor " + each.getKey());
            else if (!other.shape().equals(each.getValue().shape())) wrong.add(each.getKey() + " is " + other.shape() + " and not " + each.getValue().shape());
            if (!wrong.isEmpty()) return;
        }
        for (String name : expert.tensors().keySet())
            if (!base.tensors().containsKey(name)) {
                wrong.add("it has a tensor that the base has not: " + name);
                return;
            }
    }

    private static void vocabulary(ModelSource base, ModelSource expert, List<String> wrong) {
        Optional<JsonObject> ours = tokenizer(base), theirs = tokenizer(expert);
        if (ours.isEmpty() || theirs.isEmpty()) return;
        for (String part : List.of("model", "added_tokens")) {
            JsonElement a = part(ours.get(), part), b = part(theirs.get(), part);
            if (a != null && b != null && !a.equals(b)) {
                wrong.add("its tokenizer has another " + (part.equals("model") ? "vocabulary" : "list of added tokens"));
                return;
            }
        }
    }

    private static JsonElement part(JsonObject tokenizer, String part) {
        JsonElement element = tokenizer.get(part);
        return part.equals("model") && element instanceof JsonObject model ? model.get("vocab") : element;
    }

    private static Optional<JsonObject> tokenizer(ModelSource model) {
        String made = model.sideFiles().get("tokenizer.json");
        if (made != null) return Optional.of(Json.parse(model.name(), made).getAsJsonObject());
        Optional<Path> file = model.folder().map(folder -> folder.resolve("tokenizer.json")).filter(Files::isRegularFile);
        return file.map(Json::readObject);
    }

    /** Of the matrices: norms of layers hardly move in training, and vectors of ones are near each other in any two models. */
    private static double distance(ModelSource base, ModelSource expert) {
        double difference = 0, norm = 0;
        try (Owner room = Owner.allocate("pieces of two models", 8L * PIECE)) {
            MemorySegment a = room.segment().asSlice(0, 4L * PIECE), b = room.segment().asSlice(4L * PIECE);
            for (SourceTensor ours : base.tensors().values()) {
                if (ours.shape().rank() < 2 || !ours.dtype().isComputable()) continue;
                SourceTensor theirs = expert.tensors().get(ours.name());
                long elements = ours.shape().elements(), pieces = Math.max(1, Math.min(SAMPLE, elements) / PIECE);
                double factor = elements / (double) (pieces * Math.min(PIECE, elements)), d = 0, n = 0;
                for (long piece = 0; piece < pieces; piece++) {
                    int count = (int) Math.min(PIECE, elements);
                    long first = pieces == 1 ? 0 : (elements - count) / (pieces - 1) * piece;
                    ours.readF32(first, count, a);
                    theirs.readF32(first, count, b);
                    for (int i = 0; i < count; i++) {
                        double x = a.getAtIndex(ValueLayout.JAVA_FLOAT, i), y = b.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                        d += (y - x) * (y - x);
                        n += x * x;
                    }
                }
                difference += factor * d;
                norm += factor * n;
            }
        }
        return norm == 0 ? 0 : Math.sqrt(difference / norm);
    }
}
