package io.graft.merge.experiment;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.json.Json;
import io.graft.merge.experiment.Study.Data;
import io.graft.merge.world.BilingualWorld;
import io.graft.merge.world.Curriculum;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Makes data for trainings: lines of {@code prompt} and {@code completion}. */
final class DataMaker {

    private static final Pattern FIELD = Pattern.compile("\\{([A-Za-z_][A-Za-z0-9_]*)}");
    /** Tokens of a line of the synthetic world. */
    private static final double WORLD_TOKENS = 22;

    private DataMaker() {}

    static boolean holdsOut(Data data) {
        return switch (data) {
            case Data.Records records -> records.holdOut() > 0;
            case Data.Parallel parallel -> parallel.holdOut() > 0;
            case Data.World _ -> true;
        };
    }

    static List<String> files(Data data) {
        return switch (data) {
            case Data.Records records -> List.of(records.file());
            case Data.Parallel parallel -> List.copyOf(parallel.files().values());
            case Data.World _ -> List.of();
        };
    }

    /** What decides its lines, but for the files. */
    static String describe(Data data) {
        return switch (data) {
            case Data.Records r -> Hash.of("records", r.prompt(), r.completion(), r.where().toString(), Integer.toString(r.take()), Integer.toString(r.holdOut()));
            case Data.Parallel p -> Hash.of("parallel", p.files().keySet().toString(), p.prompt(), p.completion(), Integer.toString(p.take()), Integer.toString(p.holdOut()));
            case Data.World w -> Hash.of("world 1", w.lesson(), Integer.toString(w.lines()));
        };
    }

    static void make(Data data, List<Path> files, Path folder) {
        switch (data) {
            case Data.Records r -> write(records(r, files.getFirst(), r.take()), r.holdOut(), folder);
            case Data.Parallel p -> write(parallel(p, files, p.take()), p.holdOut(), folder);
            case Data.World w -> world(w, folder);
        }
    }

    private static void world(Data.World w, Path folder) {
        BilingualWorld world = new BilingualWorld(0);
        Curriculum curriculum = curriculum(w);
        BilingualWorld.write(world.training(curriculum, w.lines()), folder.resolve("lines.jsonl"));
        BilingualWorld.write(world.validation(curriculum, 200), folder.resolve("validation.jsonl"));
        world.sideFiles().forEach((name, text) -> AtomicFile.write(folder.resolve(name), text.getBytes(StandardCharsets.UTF_8)));
    }

    static Curriculum curriculum(Data.World w) {
        for (Curriculum each : Curriculum.values()) if (each.name().toLowerCase(Locale.ROOT).equals(w.lesson())) return each;
        throw new RequestException(w.mark().toString(), "the synthetic world has no lesson '" + w.lesson() + "'", String.join("|", List.of(Curriculum.values()).stream().map(each -> each.name().toLowerCase(Locale.ROOT)).toList()), w.lesson());
    }

    /** About how many tokens a line has. */
    static double tokens(Data data, Study study) {
        if (data instanceof Data.World) return WORLD_TOKENS;
        List<Path> files = files(data).stream().map(file -> Paths.data(file, study)).toList();
        List<String> some = data instanceof Data.Records r ? records(r, files.getFirst(), 100) : parallel((Data.Parallel) data, files, 100);
        return some.stream().mapToInt(String::length).average().orElse(400) / 4;
    }

    /** The same of a file of lines as trainings read them. */
    static double tokens(Path file) {
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            return reader.lines().limit(100).mapToInt(String::length).average().orElse(400) / 4;
        } catch (IOException error) {
            throw new RunException(file.toString(), "cannot be read: " + error.getMessage(), error);
        }
    }

    private static List<String> records(Data.Records data, Path file, int take) {
        List<String> lines = new ArrayList<>();
        int number = 0;
        for (String line : read(file)) {
            number++;
            if (line.isBlank()) continue;
            JsonElement element = Json.parse(file + ":" + number, line);
            if (!(element instanceof JsonObject object)) throw new RequestException(file + ":" + number, "not a line of data", "an object", Json.kind(element));
            boolean wanted = true;
            for (Map.Entry<String, String> each : data.where().entrySet()) wanted &= object.has(each.getKey()) && object.get(each.getKey()).getAsString().equals(each.getValue());
            if (!wanted) continue;
            String where = file + ":" + number;
            lines.add(line(fill(data.prompt(), where, object), fill(data.completion(), where, object)));
            if (take > 0 && lines.size() == take) break;
        }
        return lines;
    }

    private static List<String> parallel(Data.Parallel data, List<Path> files, int take) {
        List<List<String>> columns = files.stream().map(DataMaker::read).toList();
        List<String> names = List.copyOf(data.files().keySet()), lines = new ArrayList<>();
        for (int column = 1; column < columns.size(); column++)
            if (columns.get(column).size() != columns.getFirst().size())
                throw new RequestException(files.get(column).toString(), "its lines do not belong to those of " + files.getFirst(), columns.getFirst().size() + " lines", columns.get(column).size());
        for (int i = 0; i < columns.getFirst().size(); i++) {
            JsonObject object = new JsonObject();
            boolean full = true;
            for (int column = 0; column < names.size(); column++) {
                String text = columns.get(column).get(i).strip();
                full &= !text.isEmpty();
                object.addProperty(names.get(column), text);
            }
            if (!full) continue;
            lines.add(line(fill(data.prompt(), files.getFirst() + ":" + (i + 1), object), fill(data.completion(), files.getFirst() + ":" + (i + 1), object)));
            if (take > 0 && lines.size() == take) break;
        }
        return lines;
    }

    private static List<String> read(Path file) { return Json.readText(file).lines().toList(); }

    /** A number that is whole is written without its point: the answer of a word problem is 504, not 504.0. */
    private static String fill(String template, String where, JsonObject fields) {
        return FIELD.matcher(template).replaceAll(match -> {
            JsonElement value = fields.get(match.group(1));
            if (value == null) throw new RequestException(where, "there is no field '" + match.group(1) + "'", String.join(", ", fields.keySet()), null);
            String text = value.isJsonPrimitive() ? value.getAsString() : Json.line(value);
            return Matcher.quoteReplacement(text.matches("-?\\d+\\.0") ? text.substring(0, text.length() - 2) : text);
        });
    }

    private static String line(String prompt, String completion) {
        JsonObject line = new JsonObject();
        line.addProperty("prompt", prompt);
        line.addProperty("completion", completion);
        return Json.line(line);
    }

    /** Every n-th line is held out, so that both parts are of the whole file. */
    private static void write(List<String> lines, int holdOut, Path folder) {
        int kept = Math.min(holdOut, lines.size() / 2);
        List<String> train = new ArrayList<>(), validation = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            boolean out = kept > 0 && (long) (i + 1) * kept / lines.size() > (long) i * kept / lines.size();
            (out ? validation : train).add(lines.get(i));
        }
        text(folder.resolve("lines.jsonl"), train);
        text(folder.resolve("validation.jsonl"), validation);
    }

    private static void text(Path file, List<String> lines) {
        AtomicFile.write(file, (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
