package io.graft.bench;

import com.google.gson.JsonObject;
import io.graft.formats.json.Json;
import io.graft.formats.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Tokens a second on the distinct lines of gsm8k/train, one thread; the JIT is warmed on other text (gsm8k/test), and the
 * tokenizer is read anew before each measured pass, so that nothing that it may remember helps.
 *
 * <p>Arguments: the folder with {@code train.jsonl} and {@code test.jsonl}, then folders with a tokenizer each.
 * The aim is 1 M tokens/s.
 */
public final class TokenizerSpeed {

    private static final int PASSES = 5;

    private TokenizerSpeed() {}

    /**
     * Measures and prints one line a tokenizer.
     *
     * @param arguments as above
     * @throws IOException if a file cannot be read
     */
    public static void main(String[] arguments) throws IOException {
        List<String> train = lines(Path.of(arguments[0], "train.jsonl")), test = lines(Path.of(arguments[0], "test.jsonl"));
        for (int i = 1; i < arguments.length; i++) {
            Path folder = Path.of(arguments[i]);
            long start = System.nanoTime();
            Tokenizer warm = Tokenizer.fromFolder(folder);
            double load = (System.nanoTime() - start) / 1e6;
            for (long end = System.nanoTime() + 3_000_000_000L; System.nanoTime() < end; ) tokens(warm, test, false);
            double ids = best(folder, train, false), full = best(folder, train, true);
            System.out.printf(Locale.ROOT, "%-12s read in %4.0f ms; ids %5.2f M tokens/s, with offsets and spelling %5.2f M tokens/s (%d distinct lines)%n",
                    folder.getFileName(), load, ids, full, train.size());
        }
    }

    private static double best(Path folder, List<String> lines, boolean full) {
        double best = 0;
        for (int pass = 0; pass < PASSES; pass++) {
            Tokenizer tokenizer = Tokenizer.fromFolder(folder);
            long start = System.nanoTime();
            long tokens = tokens(tokenizer, lines, full);
            best = Math.max(best, tokens / ((System.nanoTime() - start) / 1e9) / 1e6);
        }
        return best;
    }

    private static long tokens(Tokenizer tokenizer, List<String> lines, boolean full) {
        long tokens = 0;
        for (String line : lines) tokens += full ? tokenizer.encode(line, false).length() : tokenizer.ids(line, false).length;
        return tokens;
    }

    private static List<String> lines(Path file) throws IOException {
        Set<String> lines = new LinkedHashSet<>();
        for (String row : Files.readString(file).split("\n")) {
            if (row.isEmpty()) continue;
            JsonObject fields = Json.parse(file.toString(), row).getAsJsonObject();
            for (String key : List.of("question", "answer")) lines.addAll(List.of(fields.get(key).getAsString().split("\n")));
        }
        return new ArrayList<>(lines);
    }
}
