package io.graft.merge.cli;

import io.graft.engine.RequestException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;

/** The folder of a demo: made afresh each time, and only ever in place of an earlier demo's. */
final class DemoFolder {

    /** Says whose folder it is; without it nothing is deleted. */
    private static final String MARKER = ".graft-demo";
    private static final List<String> SIDE_FILES = List.of("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json");

    private DemoFolder() {}

    /**
     * Makes an empty one.
     *
     * @param folder where
     * @return whether an earlier demo was there, and has been deleted
     * @throws RequestException if something else is there
     */
    static boolean begin(Path folder) {
        try {
            boolean earlier = Files.exists(folder, LinkOption.NOFOLLOW_LINKS);
            if (earlier) {
                if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS) || !isEmpty(folder) && !Files.isRegularFile(folder.resolve(MARKER), LinkOption.NOFOLLOW_LINKS)) {
                    throw new RequestException(folder.toString(), "is there, and no demo made it", "no such folder, or an earlier demo's", null, "--out DIR writes the demo elsewhere");
                }
                earlier = !isEmpty(folder);
                delete(folder);
            }
            Files.createDirectories(folder);
            Files.writeString(folder.resolve(MARKER), "graft demo made this folder and replaces it when it is run again\n");
            return earlier;
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.findFirst().isEmpty();
        }
    }

    /** The marker goes last, so that an interrupted deletion can be taken up again. */
    private static void delete(Path folder) throws IOException {
        Path marker = folder.resolve(MARKER);
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (!file.equals(marker)) Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path each, IOException error) throws IOException {
                if (error != null) throw error;
                if (each.equals(folder)) Files.deleteIfExists(marker);
                Files.delete(each);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /**
     * Writes one of the small trained models.
     *
     * @param name   {@code base}, {@code math-expert} or {@code language-expert}
     * @param folder the model's
     */
    static void model(String name, Path folder) {
        try {
            Files.createDirectories(folder);
            copy(name + "/model.safetensors", folder.resolve("model.safetensors"));
            for (String file : SIDE_FILES) copy(file, folder.resolve(file));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static void copy(String resource, Path to) throws IOException {
        try (InputStream in = DemoFolder.class.getResourceAsStream("/io/graft/demo/" + resource)) {
            if (in == null) throw new IOException("the program lacks its resource " + resource);
            Files.copy(in, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /**
     * Writes a text.
     *
     * @param file where
     * @param text UTF-8
     */
    static void text(Path file, String text) {
        try {
            Files.write(file, text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /**
     * A path as a YAML scalar.
     *
     * @param path any
     * @return the path, quoted where YAML would read something else
     */
    static String yaml(Path path) {
        String text = path.toString().replace('\\', '/');
        return text.matches("[A-Za-z_./][A-Za-z0-9_./-]*") ? text : "'" + text.replace("'", "''") + "'";
    }
}
