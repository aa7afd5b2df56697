package io.graft.merge.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.engine.model.Batch;
import io.graft.engine.model.KvCache;
import io.graft.engine.model.Session;
import io.graft.engine.reference.ReferenceModel;
import io.graft.formats.json.Json;
import io.graft.formats.safetensors.SafetensorsWriter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft trace}: what a model computes, to be compared with anybody else's. */
@Command(name = "trace", description = "Writes what a model computes of some tokens, to be compared with PyTorch.",
        footer = {"", "The file has F32 tensors logits [T, V] and loss [1] (the mean over every token but the first), with --hidden also hidden.0 to hidden.L "
            + "[T, H]: hidden.i is the input of layer i, hidden.L the output of the final norm. --float64-reference computes them in double, one "
            + "loop a formula, and adds logits64 and loss64 in F64: for small models.", "",
            "--labels are as many as the ids and not shifted: a token is predicted by the position before it, the first label never counts, nor does "
            + "a negative one. --grad adds grad.PARAMETER of that loss for every weight, an adapter's merged with the base's; it holds them twice in F32.", "",
            "Example: graft trace models/tiny --ids \"1 17 42\" --out trace.safetensors --hidden --grad"})
final class TraceCommand implements Runnable {

    @Mixin
    private CommonOptions common;

    @Parameters(index = "0", paramLabel = "MODEL", description = "A folder, a .gguf file, folder+adapter, or a recipe (.yml).")
    private String model;

    @Option(names = "--ids", required = true, paramLabel = "IDS", description = "Token ids, one argument: \"1 2 3\".")
    private String ids;

    @Option(names = {"-o", "--out"}, required = true, paramLabel = "FILE", description = "The safetensors file to write.")
    private Path out;

    @Option(names = "--hidden", description = "Also the hidden states.")
    private boolean hidden;

    @Option(names = "--grad", description = "Also the gradients of the loss.")
    private boolean grad;

    @Option(names = "--labels", paramLabel = "LABELS", description = "What is to be predicted, unshifted, -100 for what does not count; default: the ids.")
    private String labels;

    @Option(names = "--float64-reference", description = "Compute in double.")
    private boolean reference;

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    private TraceCommand() {}

    @Override
    public void run() {
        int[] text = RunningModel.ids(ids), targets = labels == null ? text : RunningModel.ids("--labels", labels);
        if (targets.length != text.length) throw new RequestException("--labels", "one a token", text.length + " of them", targets.length);
        if (reference && (grad || labels != null)) throw new RequestException("--float64-reference", "computes neither gradients nor the loss of labels", "without --grad and --labels", null);
        try (RunningModel running = RunningModel.open(model, common)) {
            int vocabulary = running.lm.architecture().vocabulary();
            for (int label : targets) if (label >= vocabulary) throw new RequestException("--labels", "outside the vocabulary", "below " + vocabulary, label);
            if ((grad || labels != null) && Arrays.stream(targets, 1, targets.length).noneMatch(label -> label >= 0))
                throw new RequestException(labels == null ? "--ids" : "--labels", "nothing is predicted, so there is no loss", "a counted label behind the first token", null);
            if (reference) computeInDouble(running, text);
            else compute(running, text, targets);
            if (grad) {
                // Opened once more: beside an adapter's base lie its factors, and what has gradients here is the merged weight.
                try (TracedGradients gradients = new TracedGradients(ModelArguments.open(model), running.lm.architecture(), running.kernels, text, targets)) {
                    List<Tensor> all = new ArrayList<>(tensors.values());
                    all.addAll(gradients.tensors());
                    finish(all);
                }
            } else finish(tensors.values());
        } finally {
            tensors.values().forEach(Tensor::close);
        }
    }

    private void finish(Collection<Tensor> all) {
        SafetensorsWriter.write(out, Map.of("format", "pt"), all);
        print(all);
    }

    private void compute(RunningModel running, int[] text, int[] targets) {
        int vocabulary = running.lm.architecture().vocabulary();
        MemorySegment logits = tensor("logits", DType.F32, text.length, vocabulary);
        try (Session session = running.lm.session(text.length); KvCache cache = session.cache(text.length)) {
            session.run(new Batch().add(cache, text, 0, text.length), hidden ? (name, value) -> {
                if (!name.startsWith("hidden.")) return;
                float[] values = new float[Math.toIntExact(value.shape().elements())];
                running.kernels.download(value, values);
                MemorySegment.copy(values, 0, tensor(name, DType.F32, value.shape().toArray()), ValueLayout.JAVA_FLOAT, 0, values.length);
            } : null);
            session.logits(IntStream.range(0, text.length).toArray(), text.length,
                    (t, row) -> MemorySegment.copy(row, 0, logits, ValueLayout.JAVA_FLOAT, 4L * t * vocabulary, vocabulary));
            int[] rows = IntStream.range(0, text.length - 1).filter(t -> targets[t + 1] >= 0).toArray();
            float[] losses = new float[rows.length];
            if (rows.length > 0) session.losses(rows, Arrays.stream(rows).map(t -> targets[t + 1]).toArray(), losses, null);
            double sum = 0;
            for (float loss : losses) sum += loss;
            tensor("loss", DType.F32, 1).set(ValueLayout.JAVA_FLOAT, 0, (float) (sum / rows.length));
        }
    }

    private void computeInDouble(RunningModel running, int[] text) {
        ReferenceModel.Result result = new ReferenceModel(running.lm.architecture(), running.lm.source()).run(text);
        put("logits", result.logits());
        MemorySegment exact = tensor("logits64", DType.F64, text.length, result.logits()[0].length);
        long at = 0;
        for (double[] row : result.logits()) for (double value : row) exact.setAtIndex(ValueLayout.JAVA_DOUBLE, at++, value);
        if (hidden) for (int layer = 0; layer < result.hidden().size(); layer++) put("hidden." + layer, result.hidden().get(layer));
        tensor("loss", DType.F32, 1).set(ValueLayout.JAVA_FLOAT, 0, (float) result.loss(text));
        tensor("loss64", DType.F64, 1).set(ValueLayout.JAVA_DOUBLE, 0, result.loss(text));
    }

    private void put(String name, double[][] rows) {
        MemorySegment to = tensor(name, DType.F32, rows.length, rows[0].length);
        long at = 0;
        for (double[] row : rows) for (double value : row) to.setAtIndex(ValueLayout.JAVA_FLOAT, at++, (float) value);
    }

    private MemorySegment tensor(String name, DType dtype, long... sizes) {
        Tensor tensor = Tensor.allocate(name, dtype, Shape.of(sizes));
        tensors.put(name, tensor);
        return tensor.segment();
    }

    private void print(Collection<Tensor> written) {
        if (!common.json) {
            Table table = new Table("tensor", "dtype", "shape");
            for (Tensor tensor : written) table.row(tensor.name(), tensor.dtype().name(), tensor.shape().toString());
            System.out.println(out);
            table.print(System.out, 2);
            return;
        }
        JsonObject json = new JsonObject(), all = new JsonObject();
        for (Tensor tensor : written) {
            JsonArray sizes = new JsonArray();
            for (long size : tensor.shape().toArray()) sizes.add(size);
            all.add(tensor.name(), sizes);
        }
        json.addProperty("out", out.toString());
        json.add("tensors", all);
        System.out.println(Json.line(json));
    }
}
