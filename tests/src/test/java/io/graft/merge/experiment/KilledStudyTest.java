package io.graft.merge.experiment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A study that is killed at random moments goes on, and gives the bytes of one that was not. */
class KilledStudyTest {

    private static final int KILLS = Boolean.getBoolean("graft.long") ? 30 : 3;
    /** Two trainings, one variant, three evaluations. */
    private static final String TEXT = Studies.SMALL.replace("  lora: {optimizer: {lr: 2e-3}, lora: {r: 2, alpha: 4, targets: [q_proj, up_proj]}}\n", "").replaceAll("  - name: adapter swap\n.*\n.*\\[lora]\n", "");

    @TempDir
    Path folder;

    /** Runs the study, and says every step as it begins and every share of it. */
    static final class Child {

        private Child() {}

        /** The folder. */
        public static void main(String[] arguments) {
            Path folder = Path.of(arguments[0]);
            StudyOptions options = Studies.options(folder);
            try (StudyRun run = StudyRun.open(Studies.read(folder, TEXT), options, new StudyListener() {
                @Override
                public void started(List<Step> todo, int all) { System.out.println("TODO " + todo.size() + " of " + all); }

                @Override
                public void at(Step step, double share, String note) { System.out.println("AT " + step.id() + " " + share + " " + note); }
            })) {
                StudyFiles.write(run.run(), folder.resolve("out"));
            }
        }
    }

    @Test
    void killedAtRandomMomentsItGoesOnToTheSameBytes() throws Exception {
        Path right = folder.resolve("right"), killed = folder.resolve("killed");
        Studies.run(right, TEXT, Studies.options(right));
        SplittableRandom random = new SplittableRandom(5);
        List<String> todo = new ArrayList<>();
        int kills = 0;
        while (!Files.exists(killed.resolve("out/results.csv"))) {
            Process child = child(killed);
            int lines = kills < KILLS ? random.nextInt(2, 24) : Integer.MAX_VALUE;
            try (BufferedReader said = child.inputReader()) {
                String line = null;
                for (int i = 0; i < lines && (line = said.readLine()) != null; i++) if (line.startsWith("TODO")) todo.add(line);
                child.destroyForcibly();
                child.waitFor();
                if (line != null) kills++;
                else assertEquals(0, child.exitValue(), Files.readString(folder.resolve("stderr")));
            }
        }
        assertTrue(kills >= 1 && todo.size() > kills, todo.toString());
        assertTrue(todo.stream().distinct().count() > 1, "no step was kept from one run to the next: " + todo);
        Map<String, byte[]> expected = Studies.files(right.resolve("out")), found = Studies.files(killed.resolve("out"));
        assertEquals(expected.keySet(), found.keySet());
        expected.forEach((name, bytes) -> assertArrayEquals(bytes, found.get(name), name));
    }

    private Process child(Path where) throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        return new ProcessBuilder(java, "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), Child.class.getName(), where.toString())
                .redirectError(new File(folder.resolve("stderr").toString())).start();
    }
}
