package io.graft.formats.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OutputFolderTest {

    @TempDir
    Path home;

    private List<String> names() throws IOException {
        try (var all = Files.list(home)) {
            return all.map(each -> each.getFileName().toString()).sorted().toList();
        }
    }

    private Path existing(String content) throws IOException {
        Path target = Files.createDirectories(home.resolve("out"));
        Files.writeString(target.resolve("old.txt"), content);
        return target;
    }

    @Test
    void nothingIsThereBeforeCommitAndOnlyTheFolderAfter() throws IOException {
        Path target = home.resolve("out");
        try (OutputFolder folder = OutputFolder.begin(target, false)) {
            Files.createDirectory(folder.path().resolve("sub"));
            Files.writeString(folder.path().resolve("sub/a.txt"), "a");
            assertFalse(Files.exists(target));
            folder.commit();
        }
        assertEquals(List.of("out"), names());
        assertEquals("a", Files.readString(target.resolve("sub/a.txt")));
    }

    @Test
    void closingWithoutCommitLeavesNothingNotEvenParents() throws IOException {
        try (OutputFolder folder = OutputFolder.begin(home.resolve("a/b/out"), false)) {
            Files.writeString(folder.path().resolve("a.txt"), "a");
        }
        assertEquals(List.of(), names());
    }

    @Test
    void aFullFolderIsRefusedAndReplacedWithForceOnly() throws IOException {
        Path target = existing("old");
        RequestException refused = assertThrows(RequestException.class, () -> OutputFolder.begin(target, false));
        assertTrue(refused.hint().contains("--force"), refused.hint());
        try (OutputFolder folder = OutputFolder.begin(target, true)) {
            Files.writeString(folder.path().resolve("new.txt"), "new");
            assertEquals("old", Files.readString(target.resolve("old.txt")));
            folder.commit();
        }
        assertEquals(List.of("out"), names());
        assertFalse(Files.exists(target.resolve("old.txt")));
        assertEquals("new", Files.readString(target.resolve("new.txt")));
    }

    @Test
    void aForcedRunThatFailsLeavesTheOldFolder() throws IOException {
        Path target = existing("old");
        OutputFolder.begin(target, true).close();
        assertEquals("old", Files.readString(target.resolve("old.txt")));
        assertEquals(List.of("out"), names());
    }

    @Test
    void anEmptyFolderIsFilled() throws IOException {
        Path target = Files.createDirectory(home.resolve("out"));
        try (OutputFolder folder = OutputFolder.begin(target, false)) {
            Files.writeString(folder.path().resolve("a.txt"), "a");
            folder.commit();
        }
        assertEquals("a", Files.readString(target.resolve("a.txt")));
    }

    @Test
    void aFolderFilledMeanwhileIsNotOverwritten() throws IOException {
        Path target = home.resolve("out");
        try (OutputFolder folder = OutputFolder.begin(target, false)) {
            existing("theirs");
            assertThrows(RequestException.class, folder::commit);
        }
        assertEquals("theirs", Files.readString(target.resolve("old.txt")));
        assertEquals(List.of("out"), names());
    }

    @Test
    void whatDeadRunsLeftIsRemovedAndWhatLivingOnesFillIsNot() throws IOException {
        Path target = home.resolve("out");
        Files.createFile(home.resolve(".out.graft-dead.lock"));
        Files.writeString(Files.createDirectory(home.resolve(".out.graft-dead")).resolve("part"), "x");
        Files.createDirectory(home.resolve(".other.graft-dead"));
        try (OutputFolder living = OutputFolder.begin(target, false); OutputFolder next = OutputFolder.begin(target, false)) {
            assertFalse(Files.exists(home.resolve(".out.graft-dead")));
            assertTrue(Files.isDirectory(living.path()));
            assertTrue(Files.isDirectory(next.path()));
        }
        assertEquals(List.of(".other.graft-dead"), names());
    }

    /** Killed between the two renames of a forced commit. */
    @Test
    void aFolderThatWasSetAsideIsPutBack() throws IOException {
        Files.createFile(home.resolve(".out.graft-dead.lock"));
        Files.createDirectory(home.resolve(".out.graft-dead"));
        Files.writeString(Files.createDirectory(home.resolve(".out.graft-dead.old")).resolve("old.txt"), "old");
        assertThrows(RequestException.class, () -> OutputFolder.begin(home.resolve("out"), false));
        assertEquals("old", Files.readString(home.resolve("out/old.txt")));
        assertEquals(List.of("out"), names());
    }

    @Test
    void neitherAFileNorTheWorkingDirectoryIsReplaced() throws IOException {
        Path file = Files.writeString(home.resolve("file"), "x");
        assertThrows(RequestException.class, () -> OutputFolder.begin(file, true));
        assertThrows(RequestException.class, () -> OutputFolder.begin(Path.of("").toAbsolutePath(), true));
        assertThrows(RequestException.class, () -> OutputFolder.begin(Path.of("/"), true));
        assertEquals("x", Files.readString(file));
    }

    @Test
    void aFileIsReplacedWholeOrStays() throws IOException {
        Path file = home.resolve("page.html");
        AtomicFile.write(file, "one".getBytes());
        AtomicFile.write(file, "two".getBytes());
        assertThrows(RunException.class, () -> AtomicFile.write(file, _ -> { throw new IOException("No space left on device"); }));
        Files.createFile(home.resolve(".page.html.graft-dead.lock"));
        Files.createFile(home.resolve(".page.html.graft-dead"));
        assertEquals("two", Files.readString(file));
        AtomicFile.write(file, "three".getBytes());
        assertEquals("three", Files.readString(file));
        assertEquals(List.of("page.html"), names());
    }

    @ParameterizedTest
    @CsvSource({"5B,5000000000", "500M,500000000", "2k,2000", "5GB,5000000000", "1.5 GiB,1610612736", "1KiB,1024", "4096,4096", "1t,1000000000000"})
    void sizesAsPeopleWriteThem(String text, long bytes) { assertEquals(bytes, ByteSize.parse(text)); }

    @ParameterizedTest
    @ValueSource(strings = {"", "B", "-5B", "5X", "1e9", "0", "0.1", "9999999999999999GB", "1..5GB", "5 B B"})
    void whatIsNoSizeIsRefused(String text) { assertThrows(RequestException.class, () -> ByteSize.parse(text)); }
}
