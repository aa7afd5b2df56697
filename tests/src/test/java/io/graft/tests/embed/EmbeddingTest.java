package io.graft.tests.embed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.tests.Fixtures;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Whoever embeds the engine without any flag gets a working one: slower, with one warning that names the flag, never an
 * exception, and the same bits. Each set of flags, with the engine on the module path and on the class path.
 */
class EmbeddingTest {

    private static final String VECTORS = "--add-modules=jdk.incubator.vector";

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"false,false,false", "true,false,false", "true,true,false", "false,false,true", "true,false,true", "true,true,true"})
    void worksWithWhateverFlagsThereAre(boolean vectors, boolean nativeAccess, boolean deny) throws Exception {
        List<String> bits = new ArrayList<>();
        for (boolean modules : new boolean[] {true, false}) {
            List<String> flags = new ArrayList<>();
            if (vectors) flags.add(VECTORS);
            if (nativeAccess) flags.add("--enable-native-access=" + (modules ? "io.graft.engine" : "ALL-UNNAMED"));
            if (deny) flags.add("--illegal-native-access=deny");
            String[] said = run(modules, flags);
            assertEquals(vectors ? 0 : 1, said[1].lines().filter(line -> line.contains("--add-modules jdk.incubator.vector")).count(), said[1]);
            assertFalse(said[1].contains("Exception"), said[1]);
            assertEquals(vectors, said[0].contains("vector"), said[0]);
            assertEquals(vectors && nativeAccess, said[0].contains("raw addresses"), said[0]);
            bits.add(said[0].substring(0, said[0].indexOf(' ')));
        }
        assertEquals(reference(), bits.get(0), "on the module path");
        assertEquals(reference(), bits.get(1), "on the class path");
    }

    private String reference() throws Exception {
        String said = run(false, List.of("-Dgraft.kernels=scalar"))[0];
        return said.substring(0, said.indexOf(' '));
    }

    private String[] run(boolean modules, List<String> flags) throws Exception {
        Path engine = Fixtures.repository().resolve("engine/target/classes"), tests = Fixtures.repository().resolve("tests/target/test-classes");
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString()));
        command.addAll(flags);
        if (modules) command.addAll(List.of("--module-path", engine.toString(), "--add-modules", "io.graft.engine", "-cp", tests.toString()));
        else command.addAll(List.of("-cp", engine + java.io.File.pathSeparator + tests));
        command.add(Embedder.class.getName());
        Path out = folder.resolve("out"), err = folder.resolve("err");
        Process process = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        assertTrue(process.waitFor(120, TimeUnit.SECONDS), "it hangs");
        assertEquals(0, process.exitValue(), Files.readString(err));
        return new String[] {Files.readString(out).strip(), Files.readString(err)};
    }
}
