package io.graft.tests.start;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.tests.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher {@code ./graft}, in a folder whose name has a blank, with a Maven that only pretends: it counts its runs,
 * takes its time, and leaves the jars that a build would leave, and a JDK that only pretends: it prints its arguments.
 */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {

    private record Run(int status, String out, String err) {}

    @TempDir
    Path folder;
    private Path top;

    @BeforeEach
    void layOut() throws IOException {
        top = Files.createDirectories(folder.resolve("a place with blanks"));
        Files.copy(Fixtures.repository().resolve("graft"), top.resolve("graft"));
        top.resolve("graft").toFile().setExecutable(true);
        for (String module : List.of("engine", "formats", "merge")) {
            Files.createDirectories(top.resolve(module + "/src/main/java"));
            Files.writeString(top.resolve(module + "/pom.xml"), "<project/>");
            Files.writeString(top.resolve(module + "/src/main/java/A.java"), "class A {}");
        }
        Files.writeString(top.resolve("pom.xml"), "<project/>");
        maven("exit 0");
        Path jdk = Files.createDirectories(folder.resolve("jdk 25/bin"));
        Files.writeString(jdk.resolveSibling("release"), "IMPLEMENTOR=\"Nobody\"\nJAVA_VERSION=\"25.0.1\"\n");
        Files.writeString(jdk.resolve("java"), "#!/bin/sh\nfor word; do echo \"<$word>\"; done\n");
        jdk.resolve("java").toFile().setExecutable(true);
        age(top.resolve("engine/src/main/java/A.java"));
    }

    @Test
    void buildsOnFirstUseAndNotAgain() throws Exception {
        Run first = graft();
        assertEquals(0, first.status, first.err);
        assertTrue(first.err.startsWith("graft: building (first use"), first.err);
        assertFalse(graft().err.contains("building"));
        assertEquals(1, builds());
    }

    @Test
    void buildsAgainWhenASourceIsNewer() throws Exception {
        graft();
        Files.setLastModifiedTime(top.resolve("formats/src/main/java/A.java"), FileTime.from(Instant.now().plusSeconds(2)));
        assertTrue(graft().err.startsWith("graft: building (sources are newer)"));
        assertEquals(2, builds());
    }

    @Test
    void aFailedBuildShowsTheEndOfItsLogAndIsNotTakenForAFinishedOne() throws Exception {
        maven("echo 'line that says why'; exit 1");
        Run failed = graft();
        assertEquals(1, failed.status);
        assertTrue(failed.err.contains("line that says why"), failed.err);
        assertTrue(failed.err.contains("graft: error: the build failed; the whole log is "), failed.err);
        maven("exit 0");
        assertEquals(0, graft().status);
        assertEquals(2, builds());
    }

    @Test
    void anInterruptedBuildIsDoneAgain() throws Exception {
        maven("sleep 60");
        Process process = start();
        while (builds() == 0) Thread.sleep(10);
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
        maven("exit 0");
        Run again = graft();
        assertEquals(0, again.status, again.err);
        assertEquals(2, builds());
    }

    @Test
    void twoStartsAtOnceBuildOnce() throws Exception {
        maven("sleep 1");
        Process one = start(), two = start();
        assertTrue(one.waitFor(60, TimeUnit.SECONDS) && two.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, one.exitValue() + two.exitValue());
        assertEquals(1, builds());
    }

    @Test
    void argumentsReachTheCommandAndOptionsTheJvm() throws Exception {
        ProcessBuilder builder = new ProcessBuilder(top.resolve("graft").toString(), "generate", "a recipe.yml", "");
        builder.environment().put("GRAFT_JAVA_OPTS", "-Xmx64m -Dx=y");
        builder.environment().put("LC_ALL", "C");
        List<String> words = run(builder).out.lines().toList();
        int main = words.indexOf("<io.graft.merge/io.graft.merge.cli.Main>");
        assertEquals(List.of("<generate>", "<a recipe.yml>", "<>"), words.subList(main + 1, words.size()));
        assertEquals(List.of("<-Xmx64m>", "<-Dx=y>"), words.subList(main - 3, main - 1));
        assertTrue(words.stream().anyMatch(word -> word.startsWith("<info.picocli") && word.contains("jdk.incubator.vector")), words.toString());
        assertFalse(graft("merge").out.contains("jdk.incubator.vector"), "merge runs no kernel of the Vector API, so it needs no incubator module");
    }

    @Test
    void worksThroughSymlinksFromElsewhere() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("linked"), top.resolve("graft"));
        Path second = Files.createSymbolicLink(folder.resolve("again"), Path.of("linked"));
        Run run = run(new ProcessBuilder(second.toString()).directory(Files.createDirectories(folder.resolve("elsewhere")).toFile()));
        assertEquals(0, run.status, run.err);
        assertTrue(Files.exists(link) && Files.exists(top.resolve(".graft-build/stamp")));
    }

    @Test
    void withoutAJdkOneMessageSaysWhatToInstall() throws Exception {
        // The usual folders of this machine hold a JDK, so the script looks for them under a root that is empty.
        String script = Files.readString(top.resolve("graft")).replace(" /usr/lib/jvm/*", " /nowhere/*").replace("/opt/", "/nowhere/");
        Files.writeString(top.resolve("graft"), script);
        ProcessBuilder builder = new ProcessBuilder(top.resolve("graft").toString());
        builder.environment().put("PATH", bareTools());
        builder.environment().put("HOME", folder.toString());
        builder.environment().remove("JAVA_HOME");
        Run run = run(builder);
        assertEquals(2, run.status);
        assertTrue(run.err.startsWith("graft: error: no JDK 25 or newer found") && run.err.lines().count() == 1, run.err);
        assertEquals(0, builds());
    }

    /** A folder with the few tools of any system, and no java. Scripts, not links: JUnit warns of each link that it deletes. */
    private String bareTools() throws IOException {
        Path tools = Files.createDirectories(folder.resolve("tools"));
        for (String tool : List.of("sh", "readlink", "dirname", "find", "head", "mkdir", "cat", "rm", "tail", "cp", "mv", "sleep"))
            for (String place : List.of("/usr/bin/", "/bin/"))
                if (Files.exists(Path.of(place + tool))) {
                    Files.writeString(tools.resolve(tool), "#!/bin/sh\nexec " + place + tool + " \"$@\"\n");
                    tools.resolve(tool).toFile().setExecutable(true);
                }
        return tools.toString();
    }

    private void maven(String end) throws IOException {
        Files.writeString(top.resolve("mvnw"), """
                top=$(dirname "$0")
                echo run >> "$top/builds"
                mkdir -p "$top/merge/target/lib"
                echo jar > "$top/merge/target/lib/a.jar"; echo jar > "$top/merge/target/graft-merge-0.jar"
                """ + end + "\n");
    }

    private long builds() throws IOException {
        Path counted = top.resolve("builds");
        return Files.exists(counted) ? Files.readAllLines(counted).size() : 0;
    }

    private static void age(Path file) throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(60)));
    }

    private Process start() throws IOException {
        ProcessBuilder builder = new ProcessBuilder(top.resolve("graft").toString());
        return configured(builder).redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    }

    private Run graft(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(top.resolve("graft").toString()));
        command.addAll(List.of(arguments));
        return run(new ProcessBuilder(command));
    }

    private ProcessBuilder configured(ProcessBuilder builder) {
        if (!builder.environment().get("PATH").endsWith("tools")) builder.environment().put("JAVA_HOME", folder.resolve("jdk 25").toString());
        return builder;
    }

    private Run run(ProcessBuilder builder) throws Exception {
        Path out = Files.createTempFile(folder, "out", ""), err = Files.createTempFile(folder, "err", "");
        Process process = configured(builder).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        assertTrue(process.waitFor(120, TimeUnit.SECONDS), "the launcher hangs");
        List<String> lines = new ArrayList<>(Files.readAllLines(err));
        return new Run(process.exitValue(), Files.readString(out), String.join("\n", lines));
    }
}
