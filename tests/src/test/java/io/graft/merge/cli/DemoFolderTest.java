package io.graft.merge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoFolderTest {

    @TempDir
    private Path temp;

    @Test
    void replacesItsOwnFolder() throws IOException {
        Path folder = temp.resolve("a/demo");
        assertFalse(DemoFolder.begin(folder));
        DemoFolder.model("base", folder.resolve("base"));
        assertTrue(DemoFolder.begin(folder));
        assertFalse(Files.exists(folder.resolve("base")));
    }

    @Test
    void leavesEveryOtherAlone() throws IOException {
        Path foreign = Files.createDirectory(temp.resolve("work"));
        Files.writeString(foreign.resolve("thesis.txt"), "years");
        assertThrows(RequestException.class, () -> DemoFolder.begin(foreign));
        assertEquals("years", Files.readString(foreign.resolve("thesis.txt")));
        Path file = Files.writeString(temp.resolve("file"), "x");
        assertThrows(RequestException.class, () -> DemoFolder.begin(file));
        assertFalse(DemoFolder.begin(Files.createDirectory(temp.resolve("empty"))));
    }

    /** A link inside the folder is deleted, never what it points to. */
    @Test
    void doesNotFollowLinks() throws IOException {
        Path folder = temp.resolve("demo"), outside = Files.createDirectory(temp.resolve("outside"));
        Files.writeString(outside.resolve("kept"), "x");
        DemoFolder.begin(folder);
        Files.createSymbolicLink(folder.resolve("link"), outside);
        DemoFolder.begin(folder);
        assertTrue(Files.exists(outside.resolve("kept")));
        Path link = Files.createSymbolicLink(temp.resolve("to-demo"), folder);
        assertThrows(RequestException.class, () -> DemoFolder.begin(link));
    }

    @Test
    void pathsAreYamlScalars() {
        assertEquals("graft-demo/base", DemoFolder.yaml(Path.of("graft-demo/base")));
        assertEquals("'my demo/it''s #1'", DemoFolder.yaml(Path.of("my demo/it's #1")));
        assertEquals("'12/base'", DemoFolder.yaml(Path.of("12/base")));
    }
}
