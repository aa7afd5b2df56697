package io.graft.merge.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.generate.Scorer;
import io.graft.formats.json.Json;
import io.graft.merge.eval.Perplexity;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft perplexity}: how well a model predicts a text. */
@Command(name = "perplexity", description = "Tells how well a model predicts a text.",
        footer = {"", "A window moves over the text by STRIDE tokens; each token is scored once, given those before it in its window. With a stride as "
            + "long as the window, the first token of each window follows nothing and is not scored.",
            "--json prints perplexity, mean_nll, tokens (how many were scored), window, stride, ids, and nll: that of every token but the first, in nats.", "",
            "Example: graft perplexity models/SmolLM2-135M-Instruct book.txt --window 1024"})
final class PerplexityCommand implements Runnable {

    private static final int WINDOW = 2048;

    @Mixin
    private CommonOptions common;

    @Parameters(index = "0", paramLabel = "MODEL", description = "A folder, a .gguf file, folder+adapter, or a recipe (.yml).")
    private String model;

    @Parameters(index = "1", arity = "0..1", paramLabel = "FILE", description = "The text, UTF-8; or --ids.")
    private Path file;

    @Option(names = "--ids", paramLabel = "IDS", description = "The text as token ids, one argument: \"1 2 3\".")
    private String ids;

    @Option(names = "--window", paramLabel = "N", description = "Tokens that a prediction sees at most, its own included (default: 2048, or as many as the model announces).")
    private Integer window;

    @Option(names = "--stride", paramLabel = "N", description = "Tokens that the window moves (default: half of it).")
    private Integer stride;

    private PerplexityCommand() {}

    @Override
    public void run() {
        if ((file == null) == (ids == null)) throw new RequestException("graft perplexity", "a file or --ids is needed, and not both", null, null, "graft perplexity --help");
        try (RunningModel running = RunningModel.open(model, common); Scorer scorer = new Scorer(running.lm)) {
            int[] text = ids != null ? RunningModel.ids(ids) : running.needTokenizer().ids(Json.readText(file), true);
            if (text.length < 2) throw new RequestException(file == null ? "--ids" : file.toString(), "too short to predict anything", "at least 2 tokens", text.length);
            int announced = running.lm.architecture().positions();
            int wide = window != null ? window : announced == 0 ? WINDOW : Math.min(WINDOW, announced);
            if (wide < 2) throw new RequestException("--window", "out of range", "at least 2", wide);
            int step = stride != null ? stride : wide / 2;
            if (step < 1 || step > wide) throw new RequestException("--stride", "out of range", "1 to the window, " + wide, step);
            print(text, Perplexity.losses(scorer, text, wide, step), wide, step);
        }
    }

    private void print(int[] text, double[] losses, int window, int stride) {
        double[] found = Perplexity.meanAndCount(losses);
        double mean = found[0], perplexity = Math.exp(mean);
        long count = (long) found[1];
        if (!common.json) {
            System.out.println(String.format(Locale.ROOT, "perplexity %.4f over %d tokens (%.4f nats a token)", perplexity, count, mean));
            return;
        }
        JsonObject json = new JsonObject();
        json.addProperty("perplexity", perplexity);
        json.addProperty("mean_nll", mean);
        json.addProperty("tokens", count);
        json.addProperty("window", window);
        json.addProperty("stride", stride);
        JsonArray tokens = new JsonArray(), all = new JsonArray();
        for (int id : text) tokens.add(id);
        for (double loss : losses) {
            if (Double.isNaN(loss)) all.add(JsonNull.INSTANCE);
            else all.add((float) loss);
        }
        json.add("ids", tokens);
        json.add("nll", all);
        System.out.println(Json.line(json));
    }
}
