package io.graft.merge.experiment;

import io.graft.engine.RequestException;
import io.graft.merge.eval.EvalTask;
import io.graft.merge.eval.Filter;
import io.graft.merge.eval.GenerateTask;
import io.graft.merge.eval.TaskSettings;
import io.graft.merge.eval.Tasks;
import io.graft.merge.experiment.Study.Evaluation;
import io.graft.merge.world.BilingualWorld;
import io.graft.merge.world.Problem;
import io.graft.merge.world.ProblemSet;
import io.graft.merge.yaml.Suggestion;
import io.graft.merge.yaml.YamlValue.Number;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The tasks that studies name: those of {@code graft eval}, and {@code world/SET} of the synthetic bilingual world. */
final class ExamTasks {

    private static final String WORLD = "world/";
    /** Problems of a set, of which {@code limit} may take fewer. */
    private static final int PROBLEMS = 300;
    /** {@code 17 + 5 = 22 .} */
    private static final int ANSWER_TOKENS = 8;

    private ExamTasks() {}

    static EvalTask load(Evaluation evaluation, Study study) {
        String name = evaluation.task();
        if (name.startsWith(WORLD)) return world(evaluation, name.substring(WORLD.length()));
        Path beside = study.folder().resolve(name);
        boolean file = name.endsWith(".yml") || name.endsWith(".yaml");
        int shots = Tables.get(evaluation.settings(), "shots") instanceof Number number ? (int) number.value() : -1;
        return Tasks.load(file && Files.exists(beside) ? beside.toString() : name, new TaskSettings(study.dataRoot(), shots, false));
    }

    private static EvalTask world(Evaluation evaluation, String name) {
        ProblemSet set = Arrays.stream(ProblemSet.values()).filter(each -> each.key().equals(name)).findFirst().orElse(null);
        List<String> known = Arrays.stream(ProblemSet.values()).map(ProblemSet::key).toList();
        if (set == null) throw new RequestException(evaluation.mark().toString(), "the synthetic world has no problems '" + name + "'", null, null, Suggestion.of(name, known));
        List<GenerateTask.Question> questions = new ArrayList<>();
        for (Problem problem : new BilingualWorld(0).problems(set, PROBLEMS)) questions.add(new GenerateTask.Question(questions.size(), null, problem.prompt(), plain(problem.gold())));
        Filter exact = new Filter("exact", ExamTasks::plain, String::equals), operation = new Filter("operation", ExamTasks::sign, (found, gold) -> found.equals(sign(gold)));
        return new GenerateTask(WORLD + name, questions, List.of(" ."), ANSWER_TOKENS, List.of(exact, operation), "exact");
    }

    /** An answer up to its full stop. */
    private static String plain(String answer) {
        int stop = answer.indexOf(" .");
        return (stop < 0 ? answer : answer.substring(0, stop)).strip();
    }

    /** What an answer does with its two numbers. */
    private static String sign(String answer) {
        String[] words = answer.strip().split("\\s+");
        return words.length > 1 ? words[1] : "";
    }
}
