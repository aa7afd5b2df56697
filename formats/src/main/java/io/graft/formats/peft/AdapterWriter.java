package io.graft.formats.peft;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Tensor;
import io.graft.formats.convert.Rounding;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.json.Json;
import io.graft.formats.safetensors.SafetensorsWriter;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;

/**
 * Writes an adapter as PEFT does: {@code adapter_config.json}, its keys sorted, and {@code adapter_model.safetensors}.
 *
 * <p>Not written: the untouched base weight that PEFT puts beside an adapted embedding or head; it reads adapters without it.
 */
public final class AdapterWriter {

    private static final String PREFIX = "base_model.model.";

    private AdapterWriter() {}

    /**
     * Writes both files; each is replaced whole.
     *
     * @param folder  where; made if missing
     * @param config  the whole adapter_config.json
     * @param tensors F32, by PEFT's names without the prefix {@code base_model.model.}
     * @param dtype   of what is written: F32, BF16 or F16, to which values are rounded once
     * @throws io.graft.engine.RunException if a file cannot be written
     */
    public static void write(Path folder, JsonObject config, SequencedMap<String, Tensor> tensors, DType dtype) {
        List<Tensor> all = new ArrayList<>(), rounded = new ArrayList<>();
        try {
            tensors.forEach((name, tensor) -> {
                Tensor values = tensor;
                if (dtype != DType.F32) rounded.add(values = round(tensor, dtype));
                all.add(Tensor.view(PREFIX + name, dtype, tensor.shape(), values.owner(), values.offset()));
            });
            SafetensorsWriter.write(folder.resolve("adapter_model.safetensors"), Map.of("format", "pt"), all);
        } finally {
            rounded.forEach(Tensor::close);
        }
        JsonObject sorted = new JsonObject();
        new TreeMap<String, JsonElement>(config.asMap()).forEach(sorted::add);
        AtomicFile.write(folder.resolve("adapter_config.json"), Json.write(sorted).getBytes(StandardCharsets.UTF_8));
    }

    private static Tensor round(Tensor f32, DType dtype) {
        Tensor narrow = Tensor.allocate(f32.name(), dtype, f32.shape());
        MemorySegment from = f32.segment(), to = narrow.segment();
        for (long i = 0; i < f32.shape().elements(); i++) {
            float value = from.get(JAVA_FLOAT_UNALIGNED, 4 * i);
            to.set(JAVA_SHORT_UNALIGNED, 2 * i, dtype == DType.BF16 ? Rounding.bf16(value) : Float.floatToFloat16(value));
        }
        return narrow;
    }
}
