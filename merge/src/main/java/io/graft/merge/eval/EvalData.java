package io.graft.merge.eval;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Files of tasks. What is missing is named with its origin and licence. */
final class EvalData {

    private EvalData() {}

    /** A public data set: its folder, what it is, and under which licence. */
    enum Origin {
        MGSM("mgsm", "MGSM, 250 grade-school problems a language and 8 exemplars (github.com/google-research/url-nlp, folder mgsm; CC BY 4.0)"),
        GSM8K("gsm8k", "GSM8K, grade-school problems with worked answers (github.com/openai/grade-school-math; MIT)"),
        MSVAMP("msvamp", "MSVAMP, 1,000 one-step problems a language (github.com/microsoft/MathOctopus; MIT)");

        final String folder, what;

        Origin(String folder, String what) {
            this.folder = folder;
            this.what = what;
        }
    }

    static Path file(Path dataRoot, Origin origin, String name) {
        Path file = dataRoot.resolve(origin.folder).resolve(name);
        if (!Files.isRegularFile(file)) throw new RequestException(file.toString(), "no such file of data", null, null, "it is part of " + origin.what + "; put it there, or name another folder with --data-root (data_root)");
        return file;
    }

    /** A row and where it stands. */
    record Row(String where, JsonObject fields) {

        String text(String key) {
            if (fields.get(key) instanceof JsonPrimitive value) return value.getAsString();
            throw new RequestException(where, "the key \"" + key + "\" is missing or no text", "a string or a number", Json.kind(fields.get(key)));
        }
    }

    /** JSON lines; blank ones are passed over. */
    static List<Row> rows(Path file) {
        List<Row> rows = new ArrayList<>();
        String[] lines = Json.readText(file).split("\n");
        for (int i = 0; i < lines.length; i++) {
            if (lines[i].isBlank()) continue;
            String where = file + ":" + (i + 1);
            JsonElement row = Json.parse(where, lines[i]);
            if (!(row instanceof JsonObject fields)) throw new RequestException(where, "not what a line should be", "an object", Json.kind(row));
            rows.add(new Row(where, fields));
        }
        if (rows.isEmpty()) throw new RequestException(file.toString(), "no question in it", "one JSON object a line", "none");
        return rows;
    }

    /** Lines of two columns, without a head. */
    static List<String[]> pairs(Path file) {
        List<String[]> pairs = new ArrayList<>();
        String[] lines = Json.readText(file).split("\r?\n");
        for (int i = 0; i < lines.length; i++) {
            if (lines[i].isEmpty()) continue;
            String[] columns = lines[i].split("\t");
            if (columns.length != 2) throw new RequestException(file + ":" + (i + 1), "a line of two columns", "question, tab, answer", columns.length + " columns");
            pairs.add(columns);
        }
        return pairs;
    }
}
