package io.graft.merge.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.generate.Generation;
import io.graft.engine.generate.Generator;
import io.graft.engine.generate.Request;
import io.graft.engine.generate.Sampling;
import io.graft.engine.memory.Owner;
import io.graft.formats.huggingface.GenerationConfig;
import io.graft.formats.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft generate}: continues a text. */
@Command(name = "generate", description = "Continues a text with a model, an adapted model or an unwritten merge.",
        footer = {"", "Greedy unless a sampling option is given. The model's stop tokens always end the text, unless --ignore-eos.",
            "--json prints ids (the new tokens, a stop token included), text, finish_reason (stop, length or cancelled) and, with --stats, stats.", "",
            "Example: graft generate models/SmolLM2-135M-Instruct \"What is the capital of France?\" --chat"})
final class GenerateCommand implements Runnable {

    @Mixin
    private CommonOptions common;

    @Parameters(index = "0", paramLabel = "MODEL", description = "A folder, a .gguf file, folder+adapter, or a recipe (.yml).")
    private String model;

    @Parameters(index = "1", arity = "0..1", paramLabel = "PROMPT", description = "The text to continue.")
    private String prompt;

    @Option(names = "--ids", paramLabel = "IDS", description = "The prompt as token ids, one argument: \"1 2 3\".")
    private String ids;

    @Option(names = "--chat", description = "Put the prompt into the model's chat template, as the user's message.")
    private boolean chat;

    @Option(names = "--system", paramLabel = "TEXT", description = "The system message before it (implies --chat).")
    private String system;

    @Option(names = {"-n", "--max-new-tokens"}, paramLabel = "N", description = "How many tokens to add at most (default: ${DEFAULT-VALUE}).")
    private int maxNewTokens = 256;

    @Option(names = "--ignore-eos", description = "Go on after the model's stop tokens.")
    private boolean ignoreEos;

    @Option(names = "--stop", paramLabel = "TEXT", description = "End before this text; may be given several times.")
    private List<String> stop = new ArrayList<>();

    @Option(names = "--sample", description = "Sample, with the values of the model's generation_config.json where no option says otherwise.")
    private boolean sample;

    @Option(names = "--temperature", paramLabel = "T", description = "Divide logits by this; 0 is greedy (default with sampling: 1).")
    private Double temperature;

    @Option(names = "--top-k", paramLabel = "K", description = "Choose among the K most likely tokens; 0 for all.")
    private Integer topK;

    @Option(names = "--top-p", paramLabel = "P", description = "Choose among the most likely tokens that make up a share P.")
    private Double topP;

    @Option(names = "--min-p", paramLabel = "P", description = "Choose among tokens at least P times as likely as the likeliest.")
    private Double minP;

    @Option(names = "--repetition-penalty", paramLabel = "X", description = "Make tokens that the text has less likely (greedy stays greedy).")
    private Double repetitionPenalty;

    @Option(names = "--seed", paramLabel = "N", description = "Seed of the sampling (default: ${DEFAULT-VALUE}); the same text on every machine.")
    private long seed;

    @Option(names = "--stats", description = "Tell load time, tokens per second and memory.")
    private boolean stats;

    private GenerateCommand() {}

    @Override
    public void run() {
        if ((prompt == null) == (ids == null)) throw new RequestException("graft generate", "a prompt or --ids is needed, and not both", null, null, "graft generate --help");
        if (ids != null && (chat || system != null)) throw new RequestException("--chat", "it needs a prompt of text, not --ids");
        long start = System.nanoTime();
        try (RunningModel running = RunningModel.open(model, common); Generator generator = new Generator(running.lm)) {
            double loadSeconds = (System.nanoTime() - start) * 1e-9;
            GenerationConfig advice = running.advice();
            Request request = new Request(promptIds(running), maxNewTokens, sampling(advice), ignoreEos ? Set.of() : advice.stopTokens(), stop, running.stream());
            if (running.tokenizer == null) common.note(running.source.name() + " has no tokenizer: ids are printed, not text");
            Generation text = generator.generate(request, (_, id, piece) -> show(id, piece));
            if (common.json) System.out.println(Json.line(json(text, generator.cost(), loadSeconds)));
            else {
                System.out.println();
                if (stats) System.err.println(line(generator.cost(), loadSeconds));
            }
        }
    }

    private boolean show(int id, String piece) {
        if (common.json) return true;
        System.out.print(piece == null ? id + " " : piece);
        System.out.flush();
        return true;
    }

    private int[] promptIds(RunningModel running) {
        if (ids != null) return RunningModel.ids(ids);
        if (chat || system != null) return ChatPrompts.ids(running, system, prompt);
        return running.needTokenizer().ids(prompt, true);
    }

    private Sampling sampling(GenerationConfig advice) {
        boolean sampled = sample || temperature != null || topK != null || topP != null || minP != null;
        double penalty = repetitionPenalty != null ? repetitionPenalty : sample ? advice.repetitionPenalty() : 1;
        if (!sampled) return new Sampling(0, 0, 1, 0, penalty, seed);
        return new Sampling(temperature != null ? temperature : sample ? advice.temperature() : 1, topK != null ? topK : sample ? advice.topK() : 0,
                topP != null ? topP : sample ? advice.topP() : 1, minP != null ? minP : sample ? advice.minP() : 0, penalty, seed);
    }

    private JsonObject json(Generation text, Generator.Cost cost, double loadSeconds) {
        JsonObject json = new JsonObject();
        JsonArray tokens = new JsonArray();
        for (int id : text.ids()) tokens.add(id);
        json.add("ids", tokens);
        if (text.text() == null) json.add("text", JsonNull.INSTANCE);
        else json.addProperty("text", text.text());
        json.addProperty("finish_reason", text.reason().name().toLowerCase(Locale.ROOT));
        if (stats) {
            JsonObject told = new JsonObject();
            told.addProperty("load_seconds", loadSeconds);
            told.addProperty("prefill_tokens_per_second", rate(cost.prefillTokens(), cost.prefillSeconds()));
            told.addProperty("decode_tokens_per_second", rate(cost.decodeTokens(), cost.decodeSeconds()));
            told.addProperty("native_bytes", Owner.liveBytes());
            json.add("stats", told);
        }
        return json;
    }

    private static String line(Generator.Cost cost, double loadSeconds) {
        return String.format(Locale.ROOT, "load %.2f s, prefill %d tokens at %.1f/s, decode %d tokens at %.1f/s, memory beside the mapped weights %s", loadSeconds,
                cost.prefillTokens(), rate(cost.prefillTokens(), cost.prefillSeconds()), cost.decodeTokens(), rate(cost.decodeTokens(), cost.decodeSeconds()),
                Text.bytes(Owner.liveBytes()));
    }

    private static double rate(long tokens, double seconds) { return tokens == 0 ? 0 : tokens / seconds; }
}
