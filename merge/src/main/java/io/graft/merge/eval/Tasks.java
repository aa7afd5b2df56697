package io.graft.merge.eval;

import io.graft.engine.RequestException;
import io.graft.merge.yaml.Suggestion;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;

/** The tasks that are known by name, and those of a file. */
public final class Tasks {

    private static final SequencedMap<String, Function<TaskSettings, EvalTask>> KNOWN = new LinkedHashMap<>();

    static {
        for (Mgsm.Mode mode : Mgsm.Mode.values())
            for (MathLanguage language : MathLanguage.values()) {
                Mgsm rules = new Mgsm(mode, language);
                KNOWN.put(rules.name(), settings -> MathTasks.mgsm(rules, settings));
            }
        KNOWN.put("gsm8k", MathTasks::gsm8k);
        // The data set has no Telugu.
        for (MathLanguage language : List.of(MathLanguage.EN, MathLanguage.SW, MathLanguage.BN, MathLanguage.JA)) {
            String name = "msvamp_" + language.code();
            KNOWN.put(name, settings -> MathTasks.msvamp(name, language, settings));
        }
    }

    /** What a task's name may begin with, before the path of its data. */
    private static final Map<String, TaskFile.Kind> KINDS = Map.of("exact:", TaskFile.Kind.GENERATE, "choice:", TaskFile.Kind.CHOICE, "perplexity:", TaskFile.Kind.PERPLEXITY);

    private Tasks() {}

    /** {@return the names of the known tasks} */
    public static List<String> names() { return List.copyOf(KNOWN.keySet()); }

    /**
     * Loads a task: reads all of its data.
     *
     * @param name     a {@linkplain #names known} one; a YAML file ({@code .yml}, {@code .yaml}; its keys: {@link TaskFile}); or {@code exact:FILE}, {@code choice:FILE},
     *                 {@code perplexity:FILE}, the defaults of a YAML file that names no more than this data
     * @param settings where data are, and which examples stand before a question
     * @return the task
     * @throws RequestException if there is no such task, its data are missing (the hint says what they are), or something is wrong with them
     */
    public static EvalTask load(String name, TaskSettings settings) {
        Function<TaskSettings, EvalTask> known = KNOWN.get(name);
        if (known != null) return known.apply(settings);
        String lower = name.toLowerCase(Locale.ROOT);
        if (lower.endsWith(".yml") || lower.endsWith(".yaml")) return TaskFile.read(Path.of(name), settings);
        for (Map.Entry<String, TaskFile.Kind> kind : KINDS.entrySet())
            if (name.startsWith(kind.getKey())) return TaskFile.ofData(kind.getValue(), Path.of(name.substring(kind.getKey().length())), settings);
        List<String> all = new ArrayList<>(KNOWN.keySet());
        String near = Suggestion.nearest(name, all);
        throw new RequestException(name, "no such task", null, null, near != null ? "did you mean " + near + "?"
                : "mgsm_{direct,native_cot,en_cot}_{en,sw,bn,te,ja}, gsm8k, msvamp_{en,sw,bn,ja}, exact:FILE, choice:FILE, perplexity:FILE, or a YAML file");
    }
}
