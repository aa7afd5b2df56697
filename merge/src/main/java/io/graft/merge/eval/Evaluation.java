package io.graft.merge.eval;

import io.graft.engine.RequestException;
import io.graft.engine.generate.BatchGenerator;
import io.graft.engine.generate.Generation;
import io.graft.engine.generate.Request;
import io.graft.engine.generate.Sampling;
import io.graft.engine.generate.Scorer;
import io.graft.formats.chat.ChatTemplate;
import io.graft.merge.eval.EvalSample.Verdict;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;

/**
 * Runs tasks.
 *
 * <pre>{@code
 * EvalTask task = Tasks.load("mgsm_direct_sw", TaskSettings.of(dataRoot));
 * EvalResult result = Evaluation.run(EvalModel.of(source, lm), task, EvalOptions.DEFAULT, EvalListener.NONE);
 * }</pre>
 */
public final class Evaluation {

    private static final int WINDOW = 2048;

    private Evaluation() {}

    /**
     * Asks a model all questions of a task.
     *
     * @param model    the model, which stays open
     * @param task     the task
     * @param options  how
     * @param listener hears of answers, and may cancel
     * @return what it made of it, its samples in the order of the task
     * @throws RequestException      if the model has no chat template and that was asked for, or a text is too long for it
     * @throws CancellationException if the listener cancelled
     */
    public static EvalResult run(EvalModel model, EvalTask task, EvalOptions options, EvalListener listener) {
        return switch (task) {
            case GenerateTask generate -> generate(model, generate, options, listener);
            case ChoiceTask choice -> choose(model, choice, listener);
            case PerplexityTask text -> perplexity(model, text, listener);
        };
    }

    private static EvalResult generate(EvalModel model, GenerateTask task, EvalOptions options, EvalListener listener) {
        ChatTemplate template = options.chat() ? model.chat().get() : null;
        List<String> until = new ArrayList<>();
        Set<Integer> stops = new TreeSet<>(model.stopTokens());
        for (String stop : task.until()) {
            if (template != null && stop.isBlank()) continue;
            // A special token is no text that a model writes, so it is looked for among the tokens.
            int id = model.tokenizer().tokenToId(stop);
            if (id >= 0 && model.tokenizer().isSpecial(id)) stops.add(id);
            else until.add(stop);
        }
        int positions = model.lm().architecture().positions();
        // A task's own length is halved to fit a model of short texts; one that a user asks for is not.
        int length = options.maxNewTokens() > 0 ? options.maxNewTokens() : positions == 0 ? task.maxNewTokens() : Math.clamp(positions / 2, 1, task.maxNewTokens());
        int room = positions == 0 ? Integer.MAX_VALUE : positions - length;
        if (room < 1) throw new RequestException(model.name(), "answers as long as its texts leave no room for a question", "fewer than " + positions + " new tokens", length, "--max-new-tokens");
        List<Request> requests = new ArrayList<>();
        int cut = 0;
        for (GenerateTask.Question question : task.questions()) {
            int[] prompt = model.prompt(question.prompt(), template);
            if (prompt.length > room) {
                prompt = Arrays.copyOfRange(prompt, prompt.length - room, prompt.length);
                cut++;
            }
            requests.add(new Request(prompt, length, Sampling.GREEDY, stops, until, model.stream()));
        }
        int[] done = {0};
        boolean[] going = {listener.answered(task.name(), 0, task.size())};
        List<Generation> texts;
        try (BatchGenerator generator = new BatchGenerator(model.lm(), options.together())) {
            texts = generator.generate(requests, (_, _) -> going[0] &= listener.answered(task.name(), ++done[0], task.size()), () -> !going[0]);
        }
        if (!going[0]) throw new CancellationException(task.name());
        List<EvalSample> samples = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) samples.add(judge(task, task.questions().get(i), texts.get(i).text(), texts.get(i).reason().name().toLowerCase(Locale.ROOT)));
        return EvalResult.of(task.name(), task.primary(), task.filters().stream().map(Filter::name).toList(), samples, cut);
    }

    /**
     * Judges an answer.
     *
     * @param task     the task
     * @param question one of its questions
     * @param output   what a model wrote
     * @param finish   why it ends; null where that is not known
     * @return the sample, with a verdict of every filter
     */
    public static EvalSample judge(GenerateTask task, GenerateTask.Question question, String output, String finish) {
        SequencedMap<String, Verdict> verdicts = new LinkedHashMap<>();
        for (Filter filter : task.filters()) {
            String found = filter.extract().apply(output);
            verdicts.put(filter.name(), new Verdict(found, filter.right().test(found, question.gold())));
        }
        return new EvalSample(question.index(), question.group(), question.prompt(), output, finish, question.gold(), verdicts);
    }

    private static EvalResult choose(EvalModel model, ChoiceTask task, EvalListener listener) {
        List<List<Scorer.Question>> asked = new ArrayList<>();
        for (ChoiceTask.Question question : task.questions()) {
            String where = task.name() + ", question " + question.index();
            asked.add(question.choices().stream().map(choice -> model.continuation(where, question.prompt(), " " + choice)).toList());
        }
        List<EvalSample> samples = new ArrayList<>();
        try (Scorer scorer = new Scorer(model.lm())) {
            List<List<Scorer.Answer>> answers = scorer.scoreGroups(asked, done -> listener.answered(task.name(), done, task.size()));
            if (answers.size() < task.size()) throw new CancellationException(task.name());
            for (int q = 0; q < task.size(); q++) samples.add(judge(task.questions().get(q), answers.get(q).stream().mapToDouble(Scorer.Answer::logLikelihood).toArray()));
        }
        listener.answered(task.name(), task.size(), task.size());
        return EvalResult.of(task.name(), "acc", List.of("acc", "acc_norm"), samples, 0);
    }

    /** A question by the log-likelihoods of its choices. */
    static EvalSample judge(ChoiceTask.Question question, double[] likelihoods) {
        double[] each = likelihoods.clone();
        StringBuilder output = new StringBuilder();
        for (int c = 0; c < each.length; c++) {
            String choice = question.choices().get(c);
            each[c] /= Math.max(1, choice.codePointCount(0, choice.length()));
            output.append(c == 0 ? "" : " ").append(likelihoods[c]);
        }
        SequencedMap<String, Verdict> verdicts = new LinkedHashMap<>();
        int best = largest(likelihoods), normed = largest(each);
        verdicts.put("acc", new Verdict(question.choices().get(best), best == question.gold()));
        verdicts.put("acc_norm", new Verdict(question.choices().get(normed), normed == question.gold()));
        return new EvalSample(question.index(), question.group(), question.prompt(), output.toString(), null, question.choices().get(question.gold()), verdicts);
    }

    private static int largest(double[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
        return best;
    }

    private static EvalResult perplexity(EvalModel model, PerplexityTask task, EvalListener listener) {
        int[] ids = model.tokenizer().ids(task.text(), true);
        if (ids.length < 2) throw new RequestException(task.name(), "too short to predict anything", "at least 2 tokens", ids.length);
        int announced = model.lm().architecture().positions(), window = task.window() > 0 ? task.window() : announced == 0 ? WINDOW : Math.min(WINDOW, announced);
        if (!listener.answered(task.name(), 0, 1)) throw new CancellationException(task.name());
        double[] mean;
        try (Scorer scorer = new Scorer(model.lm())) {
            mean = Perplexity.meanAndCount(Perplexity.losses(scorer, ids, window, Math.max(1, window / 2)));
        }
        listener.answered(task.name(), 1, 1);
        SequencedMap<String, Metric> metrics = new LinkedHashMap<>();
        int count = (int) mean[1];
        metrics.put("perplexity", Metric.number("perplexity", StrictMath.exp(mean[0]), count));
        metrics.put("nats_per_token", Metric.number("nats_per_token", mean[0], count));
        int bytes = io.graft.formats.json.Json.utf8Length(task.text());
        metrics.put("bits_per_byte", Metric.number("bits_per_byte", mean[0] * count / StrictMath.log(2) / bytes, bytes));
        return new EvalResult(task.name(), "perplexity", metrics, new LinkedHashMap<>(), List.of(), 0);
    }
}
