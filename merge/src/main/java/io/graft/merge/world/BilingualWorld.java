package io.graft.merge.world;

import io.graft.formats.files.AtomicFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;

/**
 * The world, from a seed: what everybody reads, and what everybody is asked. English has all words in common use; of the invented language the base
 * reads the core half only, and problems with small numbers only. Then one expert learns large numbers, in English, another all words, without
 * problems. Can a merge of both do problems with large numbers and new words, which neither was taught?
 *
 * <p>The same seed gives the same lines on every machine and with every JDK. Streams of different purposes tell nothing of each other; a longer one
 * begins with the shorter. Safe for many threads.
 */
public final class BilingualWorld {

    private final Lexicon lexicon;
    private final long seed;

    /**
     * A world in the words of the base that comes with Graft.
     *
     * @param seed of its texts
     */
    public BilingualWorld(long seed) { this(Lexicon.standard(), seed); }

    /**
     * A world.
     *
     * @param lexicon its words
     * @param seed    of its texts
     */
    public BilingualWorld(Lexicon lexicon, long seed) {
        this.lexicon = lexicon;
        this.seed = seed;
    }

    /** {@return its words} */
    public Lexicon lexicon() { return lexicon; }

    /** {@return the files of an empty model of this world, by name: config.json and the tokenizer's} */
    public SequencedMap<String, String> sideFiles() { return WorldTokenizer.files(lexicon); }

    /**
     * Lines to train by.
     *
     * @param curriculum what is taught
     * @param count      how many
     * @return the lines
     */
    public List<Line> training(Curriculum curriculum, int count) { return lines(curriculum, "training", count); }

    /**
     * Lines to measure a loss by, of the same kinds, drawn apart from those of training.
     *
     * @param curriculum what was taught
     * @param count      how many
     * @return the lines
     */
    public List<Line> validation(Curriculum curriculum, int count) { return lines(curriculum, "validation", count); }

    /**
     * Lines to choose a merge by: what an expert's owner could show of its ability. No problem of the evaluation is among them.
     *
     * @param curriculum an expert's
     * @param count      how many
     * @return the lines
     */
    public List<Line> calibration(Curriculum curriculum, int count) { return lines(curriculum, "calibration", count); }

    private List<Line> lines(Curriculum curriculum, String purpose, int count) {
        Dice dice = new Dice(seed, purpose + " " + curriculum);
        List<Line> lines = new ArrayList<>(count);
        for (int i = 0; i < count; i++) lines.add(curriculum.line(lexicon, dice));
        return lines;
    }

    /**
     * Problems to ask, no two alike. None of their stories is anybody's training problem, in neither language.
     *
     * @param set   which set
     * @param count how many, up to some thousands
     * @return the problems; those of {@link ProblemSet#EN_SMALL} and {@link ProblemSet#CORE_SMALL} tell the same stories in turn, and so do the large ones
     */
    public List<Problem> problems(ProblemSet set, int count) {
        Dice dice = new Dice(seed, "problems " + set.scope + " " + set.size);
        Set<Story> stories = new LinkedHashSet<>();
        while (stories.size() < count) {
            Story story = Story.draw(lexicon, set.scope, set.size, dice);
            if (story.isKept()) stories.add(story);
        }
        return stories.stream().map(story -> new Problem(set, TextKind.problem(story, set.language), story.equation(), story.result())).toList();
    }

    /**
     * Writes lines as JSON.
     *
     * @param lines what to write
     * @param file  where; replaced
     */
    public static void write(List<Line> lines, Path file) { json(lines.stream().map(Line::json).toList(), file); }

    /**
     * Writes all six sets of problems into one file, and lines of every curriculum for validation and calibration beside it.
     *
     * @param folder   where; made if it is not there
     * @param problems how many of each set
     * @param lines    how many of each curriculum
     */
    public void writeQuestions(Path folder, int problems, int lines) {
        List<String> all = new ArrayList<>();
        for (ProblemSet set : ProblemSet.values()) for (Problem problem : problems(set, problems)) all.add(problem.json());
        json(all, folder.resolve("problems.jsonl"));
        for (Curriculum each : Curriculum.values()) {
            String name = each.name().toLowerCase(java.util.Locale.ROOT);
            write(validation(each, lines), folder.resolve("validation-" + name + ".jsonl"));
            write(calibration(each, lines), folder.resolve("calibration-" + name + ".jsonl"));
        }
    }

    private static void json(List<String> lines, Path file) {
        try {
            if (file.toAbsolutePath().getParent() != null) Files.createDirectories(file.toAbsolutePath().getParent());
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        AtomicFile.write(file, (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
