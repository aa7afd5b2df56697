package io.graft.merge.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.memory.DType;
import io.graft.formats.huggingface.HuggingFaceFolder;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.ModelSources;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.safetensors.SafetensorsModel;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.plan.Planner;
import io.graft.merge.recipe.RecipeReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;

/** Golden merges: plans them with paths relative to the golden folder, and compares results. */
final class Golden {

    private Golden() {}

    static MergePlan plan(Path root, String text) { return plan(root, text, 0); }

    static MergePlan plan(Path root, String text, long seed) {
        return Planner.plan(RecipeReader.read("recipe.yml", text).withSeed(seed), argument -> {
            int plus = argument.indexOf('+');
            if (plus < 0) return ModelSources.open(root.resolve(argument).toString());
            return ModelSources.open(root.resolve(argument.substring(0, plus)) + "+" + root.resolve(argument.substring(plus + 1)));
        });
    }

    static List<JsonObject> cases(Path root, String file, String list) {
        return Json.readObject(root.resolve(file)).getAsJsonArray(list).asList().stream().map(JsonElement::getAsJsonObject).toList();
    }

    /** {@return the stored bytes of a tensor} */
    static byte[] bytes(SourceTensor tensor) {
        var range = tensor.stored().orElseThrow();
        try (FileChannel file = FileChannel.open(range.file())) {
            ByteBuffer bytes = ByteBuffer.allocate((int) range.bytes());
            while (bytes.hasRemaining()) if (file.read(bytes, range.offset() + bytes.position()) < 0) throw new AssertionError("too short");
            return bytes.array();
        } catch (IOException error) {
            throw new AssertionError(error);
        }
    }

    /** {@return its elements as doubles, read by a loop of our own} */
    static double[] values(SourceTensor tensor) {
        ByteBuffer bytes = ByteBuffer.wrap(bytes(tensor)).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        double[] values = new double[(int) tensor.shape().elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (tensor.dtype()) {
                case F32 -> bytes.getFloat(4 * i);
                case BF16 -> Float.intBitsToFloat(bytes.getShort(2 * i) << 16);
                case F16 -> Float.float16ToFloat(bytes.getShort(2 * i));
                default -> throw new AssertionError(tensor.dtype());
            };
        }
        return values;
    }

    /** Holds a merged folder against the golden file by the manifest's rule. */
    static void compare(Path expectedFile, Path merged, JsonObject tolerance) {
        try (ModelSource expected = SafetensorsModel.open(expectedFile); ModelSource found = HuggingFaceFolder.open(merged)) {
            assertEquals(new java.util.TreeSet<>(expected.tensors().keySet()), new java.util.TreeSet<>(found.tensors().keySet()));
            long different = 0, elements = 0, outside = 0;
            double outliers = tolerance.has("outliers") ? tolerance.get("outliers").getAsDouble() : 0;
            for (SourceTensor want : expected.tensors().values()) {
                SourceTensor have = found.tensors().get(want.name());
                assertEquals(want.dtype(), have.dtype(), want.name());
                assertEquals(want.shape(), have.shape(), want.name());
                if (!want.dtype().isComputable() || outliers == 0 && tolerance.get("rule").getAsString().equals("equal-bits")) {
                    org.junit.jupiter.api.Assertions.assertArrayEquals(bytes(want), bytes(have), want.name());
                    continue;
                }
                double[] w = values(want), h = values(have);
                double largest = 0;
                for (double each : w) largest = Math.max(largest, Math.abs(each));
                for (int i = 0; i < w.length; i++) {
                    elements++;
                    if (w[i] == h[i]) continue;
                    different++;
                    if (outliers > 0) {
                        if (!tolerance.has("rtol") || Math.abs(w[i] - h[i]) > tolerance.get("rtol").getAsDouble() * largest) outside++;
                    } else if (tolerance.get("rule").getAsString().equals("share") && tolerance.has("others")) {
                        continue; // at a threshold or a vote an element may fall the other way, however far that is
                    } else if (tolerance.get("rule").getAsString().equals("share")) {
                        assertEquals(DType.BF16, want.dtype());
                        assertEquals(1, Math.abs(step(w[i]) - step(h[i])), want.name() + "[" + i + "]: " + h[i] + " is more than one step from " + w[i]);
                    } else assertTrue(Math.abs(w[i] - h[i]) <= tolerance.get("rtol").getAsDouble() * largest, want.name() + "[" + i + "]: expected " + w[i] + ", found " + h[i]);
                }
            }
            assertTrue(outside <= outliers * elements, outside + " of " + elements + " are outside");
            if (tolerance.get("rule").getAsString().equals("share"))
                assertTrue(different <= (1 - tolerance.get("equal").getAsDouble()) * elements, different + " of " + elements + " differ");
        }
    }

    /** {@return the number of a BF16 value in their order} */
    private static int step(double value) {
        int bits = Float.floatToRawIntBits((float) value) >> 16;
        return bits < 0 ? -(bits & 0x7fff) : bits;
    }
}
