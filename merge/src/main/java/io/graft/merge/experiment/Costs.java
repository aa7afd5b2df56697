package io.graft.merge.experiment;

import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.merge.yaml.YamlValue.Number;
import io.graft.merge.yaml.YamlValue.Table;

/**
 * Estimates of time and memory, from rates of one core of an AMD EPYC (Zen 3, AVX2): good for the order of magnitude, and for
 * the time left of a study, where steps that are done correct them.
 */
final class Costs {

    /** Of a core, in training and reading (matrix products), and in bytes a second of weights that are read for every new token. */
    private static final double FLOPS = 30e9, BYTES = 8e9;
    /** Seconds of a training step whatever its size. */
    private static final double STEP = 0.004;
    /** Parameters up to which a step's products are too short to be shared out among threads. */
    private static final double SMALL = 8e6;
    /** Answers that are written together. */
    private static final int TOGETHER = 64;

    private final int threads;
    private double parameters, bytes, matrices, hidden, layers;

    Costs(int threads) { this.threads = threads; }

    /** Takes sizes of a model, like which the others are. */
    void model(ModelSource model) {
        for (SourceTensor each : model.tensors().values()) {
            double elements = each.shape().elements();
            parameters += elements;
            bytes += each.dtype().bytes(each.shape().elements());
            if (!each.name().contains("embed_tokens") || !model.tensors().containsKey("lm_head.weight")) matrices += elements;
        }
        hidden = model.config().has("hidden_size") ? model.config().get("hidden_size").getAsDouble() : 0;
        layers = model.config().has("num_hidden_layers") ? model.config().get("num_hidden_layers").getAsDouble() : 0;
    }

    /** Whether steps are so small that several at a time, a thread each, are faster than one on all threads. */
    boolean small() { return parameters <= SMALL; }

    /** A training: 6 operations a weight and token (4 where only an adapter is trained), masters, gradients and moments in F32. */
    Cost training(Table settings, double tokensOfLine) {
        double rows = number(settings, "batch_size", 1) * number(settings, "gradient_accumulation", 1), length = Math.min(number(settings, "max_length", 1024), Math.max(8, tokensOfLine));
        double steps = number(settings, "max_steps", 0) > 0 ? number(settings, "max_steps", 0) : 1000 * number(settings, "epochs", 1);
        boolean adapter = Tables.get(settings, "lora") instanceof Table;
        double flops = (adapter ? 4 : 6) * matrices * rows * length;
        double trained = adapter ? 14 * layers * hidden * number((Table) Tables.get(settings, "lora"), "r", 8) : parameters;
        // Activations: about 16 vectors of the stream's width a layer and token, twice that for what a feed-forward part is wider.
        boolean twice = Tables.get(settings, "gradient_checkpointing") instanceof io.graft.merge.yaml.YamlValue.Truth truth && truth.value();
        double activations = number(settings, "batch_size", 1) * length * hidden * 4 * (twice ? layers + 34 : 34 * layers);
        return new Cost(steps * (STEP + flops / (FLOPS * threads)), (long) (16 * trained + activations));
    }

    /** An evaluation: every question is read once, every new token reads the weights, many questions together. */
    Cost evaluation(Examiner.Exam exam) {
        double read = 2 * matrices * exam.questions() * exam.tokens() / (FLOPS * threads);
        double write = exam.questions() * exam.newTokens() * Math.max(bytes / TOGETHER / (BYTES * threads), 2 * matrices / (FLOPS * threads));
        return new Cost(0.05 + read + write, (long) (TOGETHER * (exam.tokens() + exam.newTokens()) * layers * hidden * 8));
    }

    /** One pass over some models. */
    Cost reading(int models) { return new Cost(0.1 + models * bytes / 1e9, 1 << 24); }

    private static double number(Table table, String key, double otherwise) { return Tables.get(table, key) instanceof Number number ? number.value() : otherwise; }
}
