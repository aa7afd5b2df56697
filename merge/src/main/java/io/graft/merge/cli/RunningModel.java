package io.graft.merge.cli;

import io.graft.engine.RequestException;
import io.graft.engine.generate.TextStream;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.StartingKernels;
import io.graft.engine.model.Architecture;
import io.graft.engine.model.CausalLm;
import io.graft.formats.chat.ChatTemplate;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.huggingface.GenerationConfig;
import io.graft.formats.model.ModelSource;
import io.graft.formats.tokenizer.Tokenizer;
import io.graft.formats.tokenizer.TokenizerFiles;
import io.graft.formats.weights.ModelWeights;
import io.graft.merge.eval.EvalModel;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A model argument of a command, open and ready: its source, its kernels, its weights, and its tokenizer if it has one. */
final class RunningModel implements AutoCloseable {

    private static final String TOKENIZER = "tokenizer.json", LOG_FORMAT = "java.util.logging.SimpleFormatter.format";

    final ModelSource source;
    final Kernels kernels;
    final CausalLm lm;
    /** Null where the model has none. */
    final Tokenizer tokenizer;

    private RunningModel(ModelSource source, Kernels kernels, CausalLm lm, Tokenizer tokenizer) {
        this.source = source;
        this.kernels = kernels;
        this.lm = lm;
        this.tokenizer = tokenizer;
    }

    /**
     * Opens a model.
     *
     * @param argument a folder, a file, {@code folder+adapter}, or a recipe, which is then run without being written
     * @param common   threads and kernels
     * @return the model; close it
     */
    static RunningModel open(String argument, CommonOptions common) {
        return opened(argument, common, architecture -> isLarge(architecture) ? StartingKernels.open(common.kernels, common.threads) : Kernels.open(common.kernels, common.threads));
    }

    /**
     * Opens a model upon kernels with something around them.
     *
     * @param argument as above
     * @param common   threads and kernels
     * @param around   wraps the kernels, which its result closes
     * @return the model; close it
     */
    static RunningModel open(String argument, CommonOptions common, UnaryOperator<Kernels> around) {
        return opened(argument, common, _ -> around.apply(Kernels.open(common.kernels, common.threads)));
    }

    private static RunningModel opened(String argument, CommonOptions common, Function<Architecture, Kernels> start) {
        ModelSource source = ModelArguments.open(argument);
        Kernels kernels = null;
        try {
            source.notes().forEach(common::note);
            // A warning of the kernels takes two lines and a date in the JDK's own format.
            if (System.getProperty(LOG_FORMAT) == null) System.setProperty(LOG_FORMAT, "graft: note: %5$s%n");
            Architecture architecture = Architectures.of(source.name() + ": config.json", source.config());
            kernels = start.apply(architecture);
            common.note("kernels: " + kernels.description() + ", " + kernels.threads() + (kernels.threads() == 1 ? " thread" : " threads"));
            Tokenizer tokenizer = tokenizer(source);
            CausalLm lm = new CausalLm(architecture, ModelWeights.of(source), kernels);
            return new RunningModel(source, kernels, lm, tokenizer);
        } catch (RuntimeException error) {
            if (kernels != null) kernels.close();
            source.close();
            throw error;
        }
    }

    /** Whether a first pass in code that is not compiled would take longer than compiling it beside the start. */
    private static boolean isLarge(Architecture architecture) { return 12.0 * architecture.hidden() * architecture.hidden() * architecture.layers() > 20e6; }

    private static Tokenizer tokenizer(ModelSource source) {
        TokenizerFiles files = TokenizerFiles.of(source);
        return files.has(TOKENIZER) ? Tokenizer.from(files) : null;
    }

    /** {@return the tokenizer, which must be there} */
    Tokenizer needTokenizer() {
        if (tokenizer == null) throw new RequestException(source.name(), "the model has no tokenizer", TOKENIZER, "none", "give ids instead of text, or add the tokenizer files of the base model");
        return tokenizer;
    }

    /** {@return the model as an evaluation needs it, which takes a tokenizer} */
    EvalModel forEvaluation() {
        return new EvalModel(source.name(), lm, needTokenizer(), advice().stopTokens(), EvalModel.beginning(source.config()), () -> ChatTemplate.from(TokenizerFiles.of(source)));
    }

    /** {@return what its makers advise; stop tokens by the tokenizer's files where no config names any} */
    GenerationConfig advice() {
        GenerationConfig advice = GenerationConfig.of(source);
        if (!advice.stopTokens().isEmpty() || tokenizer == null) return advice;
        Set<Integer> stops = tokenizer.roles().stop();
        return new GenerationConfig(stops, advice.temperature(), advice.topK(), advice.topP(), advice.minP(), advice.repetitionPenalty());
    }

    /** {@return a stream of text for a new text; null without a tokenizer} */
    TextStream stream() { return tokenizer == null ? null : tokenizer.stream(true); }

    /**
     * Reads token ids.
     *
     * @param text ids between blanks or commas
     * @return the ids
     */
    static int[] ids(String text) { return ids("--ids", text); }

    /**
     * Reads token ids of an option.
     *
     * @param option its name
     * @param text   ids between blanks or commas
     * @return the ids
     */
    static int[] ids(String option, String text) {
        String[] words = text.strip().split("[\\s,]+");
        int[] ids = new int[words.length];
        for (int i = 0; i < ids.length; i++) {
            try {
                ids[i] = Integer.parseInt(words[i]);
            } catch (NumberFormatException wrong) {
                throw new RequestException(option, "not a token id", "whole numbers between blanks", words[i].isEmpty() ? "nothing" : words[i]);
            }
        }
        return ids;
    }

    @Override
    public void close() {
        lm.close();
        kernels.close();
    }
}
