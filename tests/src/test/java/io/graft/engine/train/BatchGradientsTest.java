package io.graft.engine.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.engine.autograd.Parameter;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.backward.Gradients;
import io.graft.engine.memory.Tensor;
import io.graft.formats.json.Json;
import io.graft.formats.safetensors.SafetensorsFile;
import io.graft.tests.Fixtures;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradients of five texts packed into a row, padded to a rectangle and one by one: each against float64, whose truth has every text alone. */
class BatchGradientsTest {

    static List<String> models() { return new ArrayList<>(Json.readObject(Fixtures.require("fixtures/batch/manifest.json")).keySet()); }

    @ParameterizedTest
    @MethodSource("models")
    void packedAndPaddedAndOneByOne(String name) {
        JsonObject facts = Json.readObject(Fixtures.require("fixtures/batch/manifest.json")).getAsJsonObject(name);
        try (SafetensorsFile golden = SafetensorsFile.open(Fixtures.require("fixtures/batch/" + name + ".safetensors")); Golden.Model model = Golden.Model.open(name);
                Kernels kernels = Kernels.open(null, 1); Gradients gradients = new Gradients(kernels); Parameters parameters = new Parameters(model.weights(), _ -> true, kernels);
                Trainer trainer = new Trainer(model.architecture(), parameters, kernels, gradients)) {
            double truth = Golden.doubles(golden, "loss64")[0], bound = facts.get("loss_bound").getAsDouble() * truth;
            TrainBatch packed = Golden.batch(golden, "packed.input_ids", "packed.labels", "packed.position_ids");
            assertEquals(truth, trainer.gradients(List.of(packed)), bound);
            compare(golden, parameters, facts.get("gradients_bound").getAsDouble(), name + " packed");
            float[] bits = bits(parameters);
            List<int[][]> texts = unpadded(golden);
            TrainBatch padded = new TrainBatch();
            for (int[][] text : texts) padded.add(text[0], text[1]);
            assertEquals(truth, trainer.gradients(List.of(padded)), bound);
            assertArrayEquals(bits, bits(parameters), "the same texts without their padding are the same rows");
            List<TrainBatch> alone = texts.stream().map(text -> new TrainBatch().add(text[0], text[1])).toList();
            assertEquals(truth, trainer.gradients(alone), bound);
            compare(golden, parameters, facts.get("gradients_bound").getAsDouble(), name + " one by one");
        }
    }

    private static List<int[][]> unpadded(SafetensorsFile golden) {
        double[] ids = Golden.doubles(golden, "right.input_ids"), labels = Golden.doubles(golden, "right.labels"), mask = Golden.doubles(golden, "right.attention_mask");
        int width = Math.toIntExact(golden.tensor("right.input_ids").shape().size(1));
        List<int[][]> texts = new ArrayList<>();
        for (int from = 0; from < ids.length; from += width) {
            int length = 0;
            while (length < width && mask[from + length] != 0) length++;
            int[][] text = new int[2][length];
            for (int i = 0; i < length; i++) {
                text[0][i] = (int) ids[from + i];
                text[1][i] = (int) labels[from + i];
            }
            texts.add(text);
        }
        return texts;
    }

    private static void compare(SafetensorsFile golden, Parameters parameters, double bound, String what) {
        double worst = 0;
        String where = "";
        int compared = 0;
        for (Parameter each : parameters.trained()) {
            double distance = Golden.distance(Golden.doubles(each.gradient()), Golden.doubles(golden, "grad64." + each.name()));
            compared++;
            if (distance <= worst) continue;
            worst = distance;
            where = each.name();
        }
        assertEquals(golden.tensors().keySet().stream().filter(each -> each.startsWith("grad64.")).count(), compared);
        assertTrue(worst > 0 && worst <= bound, what + ": " + worst + " at " + where + ", bound " + bound);
        if (Boolean.getBoolean("graft.long")) System.err.println(what + ": worst " + worst + " at " + where);
    }

    private static float[] bits(Parameters parameters) {
        List<Tensor> all = parameters.trained().stream().map(Parameter::gradient).toList();
        float[] bits = new float[Math.toIntExact(all.stream().mapToLong(each -> each.shape().elements()).sum())];
        int at = 0;
        for (Tensor each : all) {
            float[] values = each.segment().toArray(ValueLayout.JAVA_FLOAT);
            System.arraycopy(values, 0, bits, at, values.length);
            at += values.length;
        }
        return bits;
    }
}
