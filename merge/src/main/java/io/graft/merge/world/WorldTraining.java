package io.graft.merge.world;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How the models of the world are trained: configurations with the keys of {@code graft train}, and the data that they name. What is written depends
 * on the world alone, so that a training gives the same bytes wherever it runs.
 */
public final class WorldTraining {

    /** Longer than any line. */
    private static final int MAX_LENGTH = 128;
    /** Of the base's first weights; another number gives another base. */
    private static final int FIRST_WEIGHTS = 0;

    /**
     * One training.
     *
     * @param curriculum what is taught
     * @param steps      how many steps
     * @param lines      of a step; every line is read once
     * @param rate       the highest learning rate
     * @param warmup     steps of warm-up
     * @param minRatio   what is left of the rate at the end of the cosine
     */
    public record Lesson(Curriculum curriculum, int steps, int lines, double rate, int warmup, double minRatio) {

        /**
         * The same with other steps, the warm-up in proportion.
         *
         * @param other how many steps
         * @return the lesson
         */
        public Lesson withSteps(int other) { return new Lesson(curriculum, other, lines, rate, Math.max(1, warmup * other / steps), minRatio); }
    }

    /** The base, from nothing. */
    public static final Lesson BASE = new Lesson(Curriculum.BASE, 3000, 64, 2e-3, 100, 0);
    /** The math expert, from the base. */
    public static final Lesson MATH = new Lesson(Curriculum.MATH, 200, 64, 3e-4, 20, 0.1);
    /** The language expert, from the base. */
    public static final Lesson LANGUAGE = new Lesson(Curriculum.LANGUAGE, 400, 64, 3e-4, 20, 0.1);
    /** Both curricula at once, for as many steps as the longer of the experts. */
    public static final Lesson MIXED_EQUAL_STEPS = new Lesson(Curriculum.MIXED, 400, 64, 3e-4, 20, 0.1);
    /** Both curricula at once, for as many lines as both experts together. */
    public static final Lesson MIXED_EQUAL_DATA = new Lesson(Curriculum.MIXED, 600, 64, 3e-4, 20, 0.1);

    private WorldTraining() {}

    /**
     * The training of a base, from weights that a seed gives.
     *
     * @param world  whose texts
     * @param lesson how; {@link #BASE}
     * @param data   a folder for the lines, the config and the tokenizer; made, and its files replaced
     * @param output the folder that the trained model is to be in
     * @return the configuration: change what you like, then {@code TrainConfig.of}
     */
    public static Map<String, Object> base(BilingualWorld world, Lesson lesson, Path data, Path output) {
        writeSideFiles(world, data);
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("config", data.resolve("config.json").toString());
        model.put("tokenizer", data.toString());
        Map<String, Object> init = new LinkedHashMap<>();
        init.put("std", 0.02);
        init.put("seed", FIRST_WEIGHTS);
        model.put("init", init);
        return config(model, world, lesson, data, output);
    }

    /**
     * The training of an expert.
     *
     * @param world  whose texts; another seed than the base's
     * @param lesson how; {@link #MATH} or {@link #LANGUAGE}
     * @param base   the base, as a model argument
     * @param data   a folder for the lines; made, and its files replaced
     * @param output the folder that the expert is to be in
     * @return the configuration: add {@code trainable} or {@code lora} if you like, then {@code TrainConfig.of}
     */
    public static Map<String, Object> expert(BilingualWorld world, Lesson lesson, String base, Path data, Path output) { return config(base, world, lesson, data, output); }

    private static Map<String, Object> config(Object model, BilingualWorld world, Lesson lesson, Path data, Path output) {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("model", model);
        config.put("output", output.toString());
        config.put("data", List.of(lines(world, lesson, data).toString()));
        config.put("shuffle", false); // lines are drawn at random, and each is read once
        config.put("max_length", MAX_LENGTH);
        config.put("batch_size", lesson.lines());
        config.put("max_steps", lesson.steps());
        Map<String, Object> optimizer = new LinkedHashMap<>();
        optimizer.put("lr", lesson.rate());
        optimizer.put("betas", List.of(0.9, 0.98));
        optimizer.put("weight_decay", 0.01);
        config.put("optimizer", optimizer);
        Map<String, Object> schedule = new LinkedHashMap<>();
        schedule.put("name", "cosine");
        schedule.put("warmup_steps", lesson.warmup());
        schedule.put("min_ratio", lesson.minRatio());
        config.put("schedule", schedule);
        return config;
    }

    /**
     * Writes the lines of a lesson.
     *
     * @param world  whose texts
     * @param lesson which; lines are those of its curriculum, from the first
     * @param data   the folder
     * @return the file
     */
    public static Path lines(BilingualWorld world, Lesson lesson, Path data) {
        Path file = data.resolve(lesson.curriculum().name().toLowerCase(java.util.Locale.ROOT) + "-" + lesson.steps() * lesson.lines() + ".jsonl");
        BilingualWorld.write(world.training(lesson.curriculum(), lesson.steps() * lesson.lines()), file);
        return file;
    }

    /**
     * Writes what a model of the world has beside its weights.
     *
     * @param world  the world
     * @param folder where; made if it is not there
     */
    public static void writeSideFiles(BilingualWorld world, Path folder) {
        try {
            Files.createDirectories(folder);
            for (Map.Entry<String, String> file : world.sideFiles().entrySet()) Files.writeString(folder.resolve(file.getKey()), file.getValue());
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
