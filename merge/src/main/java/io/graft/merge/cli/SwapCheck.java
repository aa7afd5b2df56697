package io.graft.merge.cli;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import io.graft.engine.RunException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Owner;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import io.graft.formats.peft.AdaptedModel;
import io.graft.formats.peft.LoraPair;
import io.graft.merge.analysis.Place;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Verifies a layer swap with summed embeddings, tensor by tensor, without asking the plan or the code that merged: what was
 * copied is compared byte by byte with its expert's file, what was computed is computed again here.
 */
final class SwapCheck implements AutoCloseable {

    private static final int BLOCK = 1 << 16;

    private final ModelSource base, language, task, merged;
    private final int bottom, top, layers;
    private final Owner scratch = Owner.allocate("check", 4L * BLOCK);
    private final float[] x = new float[BLOCK], y = new float[BLOCK], z = new float[BLOCK], w = new float[BLOCK];

    /**
     * A part of the model: where it comes from and how it was verified.
     *
     * @param part    such as {@code layers 0-6}
     * @param from    such as {@code math-expert}
     * @param how     {@code copied: equal bytes} or {@code computed: equal bits}
     * @param tensors how many
     * @param bytes   of them
     */
    record Part(String part, String from, String how, int tensors, long bytes) {}

    SwapCheck(ModelSource base, ModelSource language, ModelSource task, ModelSource merged, int bottom, int top) {
        this.base = base;
        this.language = language;
        this.task = task;
        this.merged = merged;
        this.bottom = bottom;
        this.top = top;
        int last = -1;
        for (String name : base.tensors().keySet()) last = Math.max(last, Place.of(name).layer());
        this.layers = last + 1;
    }

    /**
     * Verifies all of it.
     *
     * @return the parts, in the order of the model
     * @throws RunException at the first tensor that is not what it should be
     */
    List<Part> verify() {
        if (!merged.tensors().keySet().equals(base.tensors().keySet())) {
            throw new RunException(merged.name(), "does not have the base's tensors", base.tensors().size() + " tensors", merged.tensors().size(), null, null);
        }
        Map<String, Part> parts = new LinkedHashMap<>();
        List<String> names = new ArrayList<>(merged.tensors().keySet());
        names.sort(java.util.Comparator.comparingInt((String name) -> order(name)).thenComparing(java.util.Comparator.naturalOrder()));
        for (String name : names) {
            SourceTensor found = merged.tensors().get(name);
            int layer = Place.of(name).layer();
            boolean isSum = layer == Place.OUTSIDE && name.contains("embed"), fromLanguage = layer != Place.OUTSIDE && (layer < bottom || layer >= layers - top);
            ModelSource source = fromLanguage ? language : task;
            SourceTensor expert = source.tensors().get(name);
            LoraPair pair = source instanceof AdaptedModel adapted && name.endsWith(".weight") ? adapted.adapter().pairs().get(name.substring(0, name.length() - 7)) : null;
            boolean isCopy = !isSum && expert.stored().isPresent() && expert.dtype() == found.dtype();
            if (isSum) sum(name, found);
            else if (isCopy) bytes(name, expert.stored().get(), found.stored().orElseThrow());
            else if (pair != null) adapted(name, ((AdaptedModel) source).base().tensors().get(name), pair, found);
            else values(name, expert, found);
            String from = isSum ? "both: language + task - base" : fromLanguage ? "language expert" : "task expert";
            String how = isCopy ? "copied: equal bytes" : isSum ? "computed: equal bits" : pair != null ? "computed: base + A, B of the adapter" : "rounded: equal bits";
            parts.merge(part(name) + from + how, new Part(part(name), from, how, 1, found.dtype().bytes(found.shape().elements())),
                    (a, b) -> new Part(a.part, a.from, a.how, a.tensors + b.tensors, a.bytes + b.bytes));
        }
        return List.copyOf(parts.values());
    }

    private static int order(String name) {
        int layer = Place.of(name).layer();
        return layer != Place.OUTSIDE ? layer : name.contains("embed") ? -1 : Integer.MAX_VALUE;
    }

    private String part(String name) {
        int layer = Place.of(name).layer();
        if (layer == Place.OUTSIDE) return name.contains("embed") ? "embeddings" : name.contains("head") ? "lm_head" : "final_norm";
        if (layer < bottom) return range(0, bottom - 1);
        return layer >= layers - top ? range(layers - top, layers - 1) : range(bottom, layers - top - 1);
    }

    private static String range(int from, int to) { return from == to ? "layer " + from : "layers " + from + "-" + to; }

    /** language + task - base, each step rounded to F32, then to the output's dtype. */
    private void sum(String name, SourceTensor found) {
        SourceTensor a = language.tensors().get(name), b = task.tensors().get(name), c = base.tensors().get(name);
        for (long first = 0, all = found.shape().elements(); first < all; first += BLOCK) {
            int count = (int) Math.min(BLOCK, all - first);
            read(a, first, count, x);
            read(b, first, count, y);
            read(c, first, count, z);
            read(found, first, count, w);
            for (int i = 0; i < count; i++) equal(name, first + i, rounded(x[i] + y[i] - z[i], found.dtype()), w[i]);
        }
    }

    private void values(String name, SourceTensor expert, SourceTensor found) {
        for (long first = 0, all = found.shape().elements(); first < all; first += BLOCK) {
            int count = (int) Math.min(BLOCK, all - first);
            read(expert, first, count, x);
            read(found, first, count, w);
            for (int i = 0; i < count; i++) equal(name, first + i, rounded(x[i], found.dtype()), w[i]);
        }
    }

    /**
     * The base's weight plus scale times B times A in F64. The output is that, rounded to F32, as every input of a merge is, and
     * then to its own dtype: half a unit in the last place of each away at most.
     */
    private void adapted(String name, SourceTensor weight, LoraPair pair, SourceTensor found) {
        float[] a = all(pair.a()), b = all(pair.b());
        int in = Math.toIntExact(pair.in()), rank = Math.toIntExact(pair.rank());
        double half = found.dtype() == DType.BF16 ? 0x1p15 + 0.5 : found.dtype() == DType.F16 ? 0x1p12 + 0.5 : 0.5; // in units in the last place of F32
        half += 1e-6; // the sums of B times A in another order
        for (long first = 0, all = found.shape().elements(); first < all; first += BLOCK) {
            int count = (int) Math.min(BLOCK, all - first);
            read(weight, first, count, x);
            read(found, first, count, w);
            for (int i = 0; i < count; i++) {
                int row = (int) ((first + i) / in), column = (int) ((first + i) % in);
                double delta = 0;
                for (int r = 0; r < rank; r++) delta += (double) b[row * rank + r] * a[r * in + column];
                double exact = x[i] + pair.scale() * delta;
                if (!(Math.abs(w[i] - exact) <= half * Math.ulp((float) exact))) {
                    throw new RunException(merged.name() + " " + name + ", element " + (first + i), "is not what the recipe says", Double.toString(exact), Float.toString(w[i]), null, null);
                }
            }
        }
    }

    private float[] all(SourceTensor tensor) {
        int count = Math.toIntExact(tensor.shape().elements());
        float[] values = new float[count], block = new float[BLOCK];
        for (int first = 0; first < count; first += BLOCK) {
            int part = Math.min(BLOCK, count - first);
            read(tensor, first, part, block);
            System.arraycopy(block, 0, values, first, part);
        }
        return values;
    }

    private void equal(String name, long at, float expected, float found) {
        if (Float.floatToRawIntBits(expected) != Float.floatToRawIntBits(found)) {
            throw new RunException(merged.name() + " " + name + ", element " + at, "is not what the recipe says", Float.toString(expected), Float.toString(found), null, null);
        }
    }

    /** Rounded to a dtype, nearest, ties to even. */
    private static float rounded(float value, DType dtype) {
        return switch (dtype) {
            case BF16 -> {
                int bits = Float.floatToRawIntBits(value), half = 0x7fff + (bits >>> 16 & 1);
                yield Float.intBitsToFloat(bits + half & 0xffff0000);
            }
            case F16 -> Float.float16ToFloat(Float.floatToFloat16(value));
            default -> value;
        };
    }

    private void read(SourceTensor tensor, long first, int count, float[] to) {
        tensor.readF32(first, count, scratch.segment());
        java.lang.foreign.MemorySegment.copy(scratch.segment(), JAVA_FLOAT_UNALIGNED, 0, to, 0, count);
    }

    private void bytes(String name, StoredRange expected, StoredRange found) {
        try (FileChannel from = FileChannel.open(expected.file(), StandardOpenOption.READ); FileChannel to = FileChannel.open(found.file(), StandardOpenOption.READ)) {
            ByteBuffer a = ByteBuffer.allocate(BLOCK), b = ByteBuffer.allocate(BLOCK);
            for (long done = 0; done < expected.bytes(); done += BLOCK) {
                int count = (int) Math.min(BLOCK, expected.bytes() - done);
                fill(from, expected.offset() + done, a.clear().limit(count));
                fill(to, found.offset() + done, b.clear().limit(count));
                if (!a.flip().equals(b.flip())) {
                    throw new RunException(merged.name() + " " + name, "is not what the recipe says", "the bytes of " + expected.file(), "others", null, null);
                }
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static void fill(FileChannel file, long at, ByteBuffer to) throws IOException {
        while (to.hasRemaining()) if (file.read(to, at + to.position()) < 0) throw new IOException("the file ends too early");
    }

    @Override
    public void close() { scratch.close(); }
}
