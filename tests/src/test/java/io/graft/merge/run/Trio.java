package io.graft.merge.run;

import com.google.gson.JsonObject;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.formats.huggingface.HuggingFaceFolder;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.safetensors.SafetensorsLayout;
import io.graft.merge.plan.Keep;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.plan.Operation;
import io.graft.merge.plan.Operation.Part;
import io.graft.merge.plan.Operation.Term;
import io.graft.merge.plan.TensorPlan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/** Three models of random weights, in tensors of odd sizes, and plans that use every operation. */
final class Trio {

    private Trio() {}

    /** Writes base, a and b. The last of the tensors is the largest. */
    static void write(Path folder, DType dtype, long... sizes) throws IOException {
        long seed = 1;
        for (String name : List.of("base", "a", "b")) {
            Path model = Files.createDirectories(folder.resolve(name));
            List<SafetensorsLayout.Spec> specs = new ArrayList<>();
            for (int i = 0; i < sizes.length; i++) specs.add(new SafetensorsLayout.Spec("t" + (char) ('a' + i) + ".weight", dtype, Shape.of(sizes[i])));
            SafetensorsLayout layout = SafetensorsLayout.of(specs, Map.of("format", "pt"));
            Files.writeString(model.resolve("config.json"), "{\"model_type\": \"llama\", \"num_hidden_layers\": 1}");
            try (FileChannel out = FileChannel.open(model.resolve("model.safetensors"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                out.write(ByteBuffer.wrap(layout.header()));
                SplittableRandom random = new SplittableRandom(seed++);
                ByteBuffer chunk = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
                for (long left = layout.fileBytes() - layout.header().length; left > 0; ) {
                    chunk.clear().limit((int) Math.min(left, chunk.capacity()));
                    left -= chunk.limit();
                    while (chunk.hasRemaining()) {
                        float value = (float) (random.nextDouble() - 0.5);
                        if (dtype == DType.F32) chunk.putFloat(value);
                        else chunk.putShort(dtype == DType.BF16 ? (short) (Float.floatToRawIntBits(value) >>> 16) : Float.floatToFloat16(value));
                    }
                    chunk.flip();
                    while (chunk.hasRemaining()) out.write(chunk);
                }
            }
        }
    }

    /** A plan of one method over all tensors, or of all methods in turn ("mixed"). */
    static MergePlan plan(Path folder, String method, DType out) {
        ModelSource base = HuggingFaceFolder.open(folder.resolve("base")), a = HuggingFaceFolder.open(folder.resolve("a")), b = HuggingFaceFolder.open(folder.resolve("b"));
        String[] all = {"copy", "scale", "linear", "task_arithmetic", "slerp", "blend", "sum"};
        List<TensorPlan> tensors = new ArrayList<>();
        int i = 0;
        for (SourceTensor each : base.tensors().values()) {
            String name = each.name();
            String which = method.equals("mixed") ? all[i++ % all.length] : method;
            tensors.add(new TensorPlan(name, which.equals("copy") ? each.dtype() : out, each.shape(), operation(which, each, a.tensors().get(name), b.tensors().get(name))));
        }
        return new MergePlan(method, List.of(base, a, b), tensors, new JsonObject(), Optional.empty(), Map.of("choice", "value"), "merge_method: " + method + "\n", List.of());
    }

    static Operation operation(String method, SourceTensor base, SourceTensor a, SourceTensor b) {
        return switch (method) {
            case "copy" -> new Operation.Copy(a);
            case "scale" -> new Operation.Scale(a, 0.3f);
            case "linear" -> new Operation.Linear(List.of(new Term(a, 0.6f), new Term(b, 0.3f)), true);
            case "task_arithmetic" -> new Operation.TaskArithmetic(base, List.of(new Term(a, 0.6f), new Term(b, 0.3f)), true, 0.7f);
            case "slerp" -> new Operation.Slerp(a, b, 0.35);
            case "blend" -> new Operation.Blend(a, b, 1 / 3.0);
            case "sum" -> new Operation.Sum(a, b, base);
            case "ties" -> new Operation.TaskVectors("ties", base, List.of(new Part(a, 0.6f, largest(base, 0.37, 0), true), new Part(b, -0.3f, largest(base, 0.6, 0), false)), true, true, 0.9f);
            case "breadcrumbs" -> new Operation.TaskVectors("breadcrumbs", base, List.of(new Part(a, 0.6f, largest(base, 0.8, 0.1), true), new Part(b, 0.3f, Keep.ALL, true)), false, false, 1);
            // Places in the generator's sequence as if other tensors had drawn before.
            case "dare_ties" -> new Operation.TaskVectors("dare_ties", base, List.of(new Part(a, 0.6f, new Keep.Random(0.4f, 268, 12_345), true), new Part(b, 0.3f, new Keep.Random(0.7f, 268, 7_000_000), false)), true, false, 1);
            case "rollback" -> new Operation.Rollback(base, a, (long) (0.3 * base.shape().elements()), false);
            case "pooled" -> new Operation.Rollback(base, a, 350_001, true);
            default -> throw new IllegalArgumentException(method);
        };
    }

    private static Keep largest(SourceTensor tensor, double keep, double drop) {
        long n = tensor.shape().elements();
        return new Keep.Largest((long) (keep * n), (long) (drop * n));
    }
}
