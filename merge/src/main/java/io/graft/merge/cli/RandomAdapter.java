package io.graft.merge.cli;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** A LoRA adapter that nobody trained, as PEFT writes them: enough to show a merge at full size. */
final class RandomAdapter {

    private static final int RANK = 8, ALPHA = 16;
    /** alpha/rank · sqrt(rank) · this² = 0.0014: about 3 % of the weights of a model of this size. */
    private static final double DEVIATION = 0.016;

    private RandomAdapter() {}

    /**
     * Writes one.
     *
     * @param base    the model that it is for
     * @param name    the base's name, which the config records
     * @param folder  where
     * @param modules the ends of the module names that it adapts
     * @param seed    of the random numbers; the same seed makes the same adapter
     */
    static void write(ModelSource base, String name, Path folder, List<String> modules, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Tensor> tensors = new ArrayList<>();
        try {
            for (SourceTensor weight : base.tensors().values()) {
                String module = weight.name().endsWith(".weight") ? weight.name().substring(0, weight.name().length() - 7) : weight.name();
                if (modules.stream().noneMatch(module::endsWith)) continue;
                tensors.add(filled("base_model.model." + module + ".lora_A.weight", Shape.of(RANK, weight.shape().size(1)), random));
                tensors.add(filled("base_model.model." + module + ".lora_B.weight", Shape.of(weight.shape().size(0), RANK), random));
            }
            Files.createDirectories(folder);
            SafetensorsWriter.write(folder.resolve("adapter_model.safetensors"), Map.of("format", "pt"), tensors);
            DemoFolder.text(folder.resolve("adapter_config.json"), Json.write(config(name, modules)));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        } finally {
            tensors.forEach(Tensor::close);
        }
    }

    private static Tensor filled(String name, Shape shape, SplittableRandom random) {
        Tensor tensor = Tensor.allocate(name, DType.F32, shape);
        for (long i = 0; i < shape.elements(); i++) tensor.segment().setAtIndex(JAVA_FLOAT_UNALIGNED, i, (float) (DEVIATION * random.nextGaussian()));
        return tensor;
    }

    private static JsonObject config(String name, List<String> modules) {
        JsonObject config = new JsonObject();
        config.addProperty("base_model_name_or_path", name);
        config.addProperty("bias", "none");
        config.addProperty("fan_in_fan_out", false);
        config.addProperty("lora_alpha", ALPHA);
        config.addProperty("lora_dropout", 0.0);
        config.addProperty("peft_type", "LORA");
        config.addProperty("r", RANK);
        JsonArray targets = new JsonArray();
        for (String module : modules) targets.add(module.substring(module.lastIndexOf('.') + 1));
        config.add("target_modules", targets);
        config.addProperty("task_type", "CAUSAL_LM");
        return config;
    }
}
