package io.graft.merge.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.memory.DType;
import io.graft.merge.cli.Main;
import io.graft.merge.plan.MergePlan;
import io.graft.tests.Signals;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Merges in JVMs of their own that are killed, stopped by signals, or run out of disk. */
class KilledMergeTest {

    /** 24 MB in BF16: long enough to be met at every stage. */
    private static final long[] SIZES = {4_000_001, 4_000_001, 4_000_001};
    private static final boolean ALL = Boolean.getBoolean("graft.long");

    @TempDir
    Path folder;

    /** Where a child is killed. */
    private enum Moment { PLANNING, WRITING, FSYNC, RENAME, ANY }

    /** What a child does: a merge whose phases it prints. */
    static final class Child {

        /** {@code folder out}. */
        public static void main(String[] arguments) {
            System.out.println("PLANNING");
            try (MergePlan plan = Trio.plan(Path.of(arguments[0]), "linear", DType.BF16)) {
                Merge.run(plan, Path.of(arguments[1]), MergeOptions.defaults().withForce(true).watched(null, phase -> System.out.println(phase), null));
            }
        }
    }

    @BeforeEach
    void models() throws IOException { Trio.write(folder, DType.BF16, SIZES); }

    /** Whatever the moment: the folder is as it was or finished, and the same command then finishes it and leaves nothing beside it. */
    @Test
    void aKilledMergeLeavesNoFolderThatLooksFinished() throws Exception {
        Path out = folder.resolve("out");
        long started = System.nanoTime();
        Process whole = child(Child.class, folder.toString(), out.toString());
        whole.getInputStream().readAllBytes();
        assertEquals(0, whole.waitFor());
        long length = System.nanoTime() - started;
        byte[] right = Files.readAllBytes(out.resolve("model.safetensors"));

        SplittableRandom random = new SplittableRandom(7);
        List<Moment> moments = new ArrayList<>();
        for (Moment each : Moment.values()) for (int i = 0; i < (ALL ? each == Moment.ANY ? 30 : 5 : 1); i++) moments.add(each);
        int spread = 0, unfinished = 0;
        for (Moment moment : moments) {
            // What stands there before is an older folder, with enough files that its removal takes a while.
            delete(out);
            Files.createDirectories(out);
            for (int i = 0; i < 300; i++) Files.writeString(out.resolve("old" + i), "old");
            Process child = child(Child.class, folder.toString(), out.toString());
            kill(child, moment, moment == Moment.ANY ? length * ++spread / 31 : random.nextLong(20_000_000));
            if (Files.exists(out)) {
                boolean isOld = Files.exists(out.resolve("old0"));
                if (isOld) unfinished++;
                else assertArrayEquals(right, Files.readAllBytes(out.resolve("model.safetensors")), "killed while " + moment);
            } else unfinished++;
            try (MergePlan plan = Trio.plan(folder, "linear", DType.BF16)) {
                Merge.run(plan, out, MergeOptions.defaults().withForce(true));
            }
            assertArrayEquals(right, Files.readAllBytes(out.resolve("model.safetensors")));
            assertFalse(Files.exists(out.resolve("old0")));
            assertEquals(List.of(), hidden(), "killed while " + moment);
        }
        assertTrue(unfinished > 0, "no merge was killed before its end");
    }

    private void kill(Process child, Moment moment, long nanos) throws Exception {
        BufferedReader said = child.inputReader();
        String until = switch (moment) {
            case PLANNING -> "PLANNING";
            case WRITING -> "TENSORS";
            case FSYNC, RENAME -> "COMMIT";
            case ANY -> null;
        };
        while (until != null && !until.equals(said.readLine())) assertTrue(child.isAlive() || child.exitValue() == 0);
        if (moment == Moment.RENAME) {
            // The older folder has been set aside: the new one is being moved in, or the older one is being removed.
            while (child.isAlive() && hidden().stream().noneMatch(name -> name.endsWith(".old"))) Thread.onSpinWait();
        } else TimeUnit.NANOSECONDS.sleep(nanos);
        child.destroyForcibly();
        assertTrue(child.waitFor(30, TimeUnit.SECONDS));
    }

    @Test
    void signalsRemoveWhatIsHalfDoneAndSaySo() throws Exception {
        Path recipe = folder.resolve("linear.yml");
        Files.writeString(recipe, "merge_method: linear\nmodels:\n- model: " + folder.resolve("a") + "\n  parameters: {weight: 0.6}\n- model: " + folder.resolve("b") + "\n  parameters: {weight: 0.4}\n");
        for (String signal : Signals.heard()) {
            Path out = folder.resolve("out-" + signal);
            Process child = child(Main.class, "merge", recipe.toString(), out.toString(), "--threads", "1", "--memory", "20k");
            while (child.isAlive() && hidden().isEmpty()) Thread.onSpinWait();
            Signals.send(signal, child);
            String told = new String(child.getErrorStream().readAllBytes());
            assertEquals(Signals.status(signal), child.waitFor(), told);
            assertTrue(told.contains("interrupted: temporary files removed"), told);
            assertFalse(told.contains("error"), told);
            assertFalse(Files.exists(out));
            assertEquals(List.of(), hidden());
        }
    }

    /** A limit of file size stands for a disk that is full: the same system call fails. */
    @Test
    void aFullDiskIsAnErrorAndThePlaceIsAsItWas() throws Exception {
        Path out = folder.resolve("out");
        List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -f 4000; exec \"$@\"", "sh"));
        command.addAll(java(Child.class));
        command.addAll(List.of(folder.toString(), out.toString()));
        Process child = new ProcessBuilder(command).start();
        child.getInputStream().readAllBytes();
        String told = new String(child.getErrorStream().readAllBytes());
        assertEquals(1, child.waitFor(), told);
        assertTrue(told.contains("cannot be written: File too large"), told);
        assertFalse(Files.exists(out));
        assertEquals(List.of(), hidden());
    }

    private List<String> hidden() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(path -> path.getFileName().toString()).filter(name -> name.startsWith(".")).toList();
        }
    }

    private static void delete(Path top) throws IOException {
        if (!Files.exists(top)) return;
        try (Stream<Path> all = Files.list(top)) {
            for (Path each : all.toList()) Files.delete(each);
        }
        Files.delete(top);
    }

    private static List<String> java(Class<?> main) {
        return List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx64m", "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), main.getName());
    }

    private static Process child(Class<?> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(java(main));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).start();
    }
}
