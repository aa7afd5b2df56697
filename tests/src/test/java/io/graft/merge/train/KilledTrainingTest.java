package io.graft.merge.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import io.graft.merge.cli.Main;
import io.graft.tests.Signals;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trainings that are killed at any moment, or stopped, go on to the bytes of one that was not. */
class KilledTrainingTest {

    /** With {@code -Dgraft.long=true} fifty children are killed. */
    private static final int KILLS = Boolean.getBoolean("graft.long") ? 50 : 5;
    private static final int STEPS = 12;

    @TempDir
    Path folder;
    private Tiny tiny;
    private String config;

    @BeforeEach
    void data() {
        tiny = new Tiny(folder);
        // Dropout, two files, packing, validation, the best of it: whatever has a state of its own.
        config = tiny.write("config.yml", """
                model: {config: %1$s/config.json, init: {std: 0.05, seed: 3}}
                output: %1$s/out
                data: [{file: %1$s/a.jsonl, weight: 2}, {file: %1$s/b.jsonl, weight: 1}]
                validation: [%1$s/v.jsonl]
                max_length: 24
                packing: true
                batch_size: 2
                max_steps: %2$d
                optimizer: {lr: 5e-3, weight_decay: 0.1}
                schedule: {name: cosine, warmup_steps: 2}
                lora: {r: 3, alpha: 6, targets: all-linear, dropout: 0.2, modules_to_save: [lm_head]}
                checkpoint_steps: 2
                validation_steps: 3
                select: best
                """.formatted(folder, STEPS)).toString();
    }

    /** Trains, and says every step and checkpoint, slowly enough to be hit between any two. */
    static final class Child {

        private Child() {}

        /** {@code config output}. */
        public static void main(String[] arguments) {
            TrainConfig config = TrainConfig.read(Path.of(arguments[0]), List.of("output=" + arguments[1]));
            TrainRun.run(config, TrainOptions.defaults().withThreads(1), new TrainListener() {
                @Override
                public void started(TrainOutline outline, int done, List<Step> steps, List<Validation> validations) { System.out.println("STARTED " + done); }

                @Override
                public void step(Step step) { System.out.println("STEP " + step.step()); }

                @Override
                public void checkpoint(int step, Path file) { System.out.println("CHECKPOINT " + step); }

                @Override
                public void writing() { System.out.println("WRITING"); }
            });
        }
    }

    @Test
    void killedAtAnyMomentItGivesTheSameBytes() throws Exception {
        TrainRun.run(TrainConfig.read(Path.of(config), List.of("output=" + tiny.path("right"))), TrainOptions.defaults().withThreads(2), new TrainListener() {});
        byte[] right = Files.readAllBytes(folder.resolve("right/adapter_model.safetensors"));
        SplittableRandom random = new SplittableRandom(11);
        int killed = 0, wentOn = 0, run = 0;
        while (killed < KILLS) {
            String out = "out" + run++;
            while (!Files.exists(folder.resolve(out))) {
                Process child = child(Child.class, config, tiny.path(out));
                // The first kills of a run come at a random line, and after a random part of what takes a millisecond or ten.
                int lines = killed < KILLS ? random.nextInt(1, 24) : Integer.MAX_VALUE;
                long nanos = random.nextLong(10_000_000);
                if (killBehind(child, lines, nanos)) killed++;
                else assertEquals(0, child.exitValue(), Files.readString(folder.resolve("stderr")));
                if (Files.exists(folder.resolve(out + ".train/checkpoints")) && !Files.exists(folder.resolve(out))) wentOn++;
            }
            assertArrayEquals(right, Files.readAllBytes(folder.resolve(out).resolve("adapter_model.safetensors")), "run " + out + " after " + killed + " kills");
            assertEquals(tiny.metrics("right"), tiny.metrics(out), "run " + out);
        }
        assertTrue(wentOn > 0, "no checkpoint was gone on from");
    }

    /** Whether it was still running when it was killed. */
    private boolean killBehind(Process child, int lines, long nanos) throws Exception {
        BufferedReader said = child.inputReader();
        for (int i = 0; i < lines; i++) if (said.readLine() == null) break;
        if (child.isAlive()) TimeUnit.NANOSECONDS.sleep(nanos);
        child.destroyForcibly();
        assertTrue(child.waitFor(30, TimeUnit.SECONDS));
        return child.exitValue() != 0 && child.exitValue() != 1;
    }

    @Test
    void signalsWriteACheckpointAndSaySo() throws Exception {
        TrainRun.run(TrainConfig.read(Path.of(config), List.of("output=" + tiny.path("right"), "checkpoint_steps=0", "validation_steps=5000", "select=last", "max_steps=40")),
                TrainOptions.defaults().withThreads(2), new TrainListener() {});
        String[] command = {"train", config, "--output", tiny.path("out"), "--set", "checkpoint_steps=0", "--set", "validation_steps=5000", "--set", "select=last", "--set", "max_steps=40"};
        int status = -1;
        for (String signal : Signals.heard()) {
            Process child = child(Main.class, command);
            Path metrics = folder.resolve("out.train/metrics.jsonl");
            int before = Files.exists(metrics) ? Files.readAllLines(metrics).size() : 0;
            while (child.isAlive() && (!Files.exists(metrics) || Files.readAllLines(metrics).size() < before + 3)) Thread.sleep(1);
            Signals.send(signal, child);
            String told = new String(child.getErrorStream().readAllBytes());
            status = child.waitFor();
            assertEquals(Signals.status(signal), status, told);
            assertTrue(told.contains("interrupted: checkpoint " + tiny.path("out.train/checkpoints/step-")) && told.contains("the same command goes on from there"), told);
            assertFalse(Files.exists(folder.resolve("out")));
        }
        Process child = child(Main.class, command);
        String told = new String(child.getErrorStream().readAllBytes());
        assertEquals(0, child.waitFor(), told);
        assertTrue(told.contains("going on from the checkpoint after step"), told);
        assertArrayEquals(Files.readAllBytes(folder.resolve("right/adapter_model.safetensors")), Files.readAllBytes(folder.resolve("out/adapter_model.safetensors")));
        assertEquals(tiny.metrics("right"), tiny.metrics("out"));
    }

    @Test
    void checkpointsArePrunedAndOnlyTheSameTrainingGoesOn() throws Exception {
        int[] asked = {0};
        Tiny.Heard heard = new Tiny.Heard();
        TrainConfig first = tiny.config("out", "checkpoint_steps", 2);
        TrainResult stopped = TrainRun.run(first, TrainOptions.defaults().withThreads(2).withStop(() -> asked[0]++ == 9), heard);
        assertFalse(stopped.completed());
        assertEquals(List.of(2, 4, 6, 8, 9), heard.checkpoints);
        try (var files = Files.list(folder.resolve("out.train/checkpoints"))) {
            assertEquals(List.of("step-8.safetensors", "step-9.safetensors"), files.map(file -> file.getFileName().toString()).sorted().toList());
        }
        for (Object[] other : List.of(new Object[] {"seed", 1}, new Object[] {"optimizer", Map.of("lr", 1e-3)}, new Object[] {"max_steps", 21}, new Object[] {"data", tiny.path("b.jsonl")},
                new Object[] {"trainable", Map.of("layers", "0")})) {
            String told = assertThrows(RequestException.class, () -> tiny.run(tiny.config("out", other))).getMessage();
            assertTrue(told.contains("a checkpoint of another training"), told);
        }
        // What changes no bit may change.
        TrainResult on = TrainRun.run(tiny.config("out", "checkpoint_steps", 5, "dtype", "float32"), new TrainOptions(1, null, TrainOptions.Resume.REQUIRED, false, () -> false), heard);
        assertEquals(9, on.resumedFrom());
        tiny.run(tiny.config("right"));
        assertArrayEquals(tiny.weights("right"), tiny.weights("out"));
        assertEquals(tiny.metrics("right"), tiny.metrics("out"));
        assertThrows(RequestException.class, () -> TrainRun.run(tiny.config("new"), new TrainOptions(1, null, TrainOptions.Resume.REQUIRED, false, () -> false), heard));
    }

    private Process child(Class<?> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp",
                System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        if (main == Child.class) builder.redirectError(folder.resolve("stderr").toFile());
        return builder.start();
    }
}
