package io.graft.merge.experiment;

import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Hashes of what files hold, each read once a run: names, dates and places do not count. */
final class ContentHashes {

    private final Map<Path, String> known = new HashMap<>();

    /** The hash of a file. */
    String file(Path file) {
        return known.computeIfAbsent(file.toAbsolutePath().normalize(), ContentHashes::read);
    }

    private static String read(Path file) {
        MessageDigest digest = Hash.sha256();
        ByteBuffer buffer = ByteBuffer.allocate(1 << 18);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            while (channel.read(buffer) >= 0) {
                digest.update(buffer.flip());
                buffer.clear();
            }
        } catch (IOException error) {
            throw new RunException(file.toString(), "cannot be read: " + error.getMessage(), error);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** The hash of a model argument: a file, the files of a folder, or both of {@code model+adapter}. */
    String model(String argument) {
        Path path = Path.of(argument);
        if (Files.isRegularFile(path)) return file(path);
        if (Files.isDirectory(path)) return folder(path);
        int plus = argument.lastIndexOf('+');
        if (plus > 0) return Hash.of(model(argument.substring(0, plus)), model(argument.substring(plus + 1)));
        return folder(io.graft.formats.huggingface.HubCache.resolve(argument));
    }

    private String folder(Path folder) {
        List<String> parts = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path each : (Iterable<Path>) files::iterator) {
                String name = each.getFileName().toString();
                boolean counts = name.endsWith(".safetensors") || name.endsWith(".json") || name.endsWith(".jinja") || name.endsWith(".model");
                if (Files.isRegularFile(each) && counts) parts.add(name + " " + file(each.toRealPath()));
            }
        } catch (IOException error) {
            throw new RequestException(folder.toString(), "cannot be read: " + error.getMessage());
        }
        Collections.sort(parts);
        return Hash.of(parts.toArray(String[]::new));
    }
}
