package io.graft.merge.experiment;

import io.graft.merge.experiment.Study.Data;
import io.graft.merge.yaml.Binder;
import io.graft.merge.yaml.YamlValue;
import io.graft.merge.yaml.YamlValue.Table;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.List;

/** Reads what a study says of the data that it makes for its trainings. */
final class DataReader {

    private static final List<String> COMMON = List.of("prompt", "completion", "take", "hold_out");

    private final Binder bind;

    DataReader(Binder bind) { this.bind = bind; }

    /** The data; null where problems say why not. */
    Data read(Table table) {
        int kinds = 0;
        for (String kind : List.of("file", "files", "world")) if (Tables.get(table, kind) != null) kinds++;
        if (kinds != 1) {
            bind.problems().add(table.mark(), "data must say what it is made of", "one of file, files, world", kinds == 0 ? "none" : "several");
            return null;
        }
        if (Tables.get(table, "world") != null) {
            bind.onlyKeys(table, "data", List.of("world", "lines"));
            String lesson = bind.text(Tables.get(table, "world"), "world");
            return lesson == null ? null : new Data.World(lesson, count(table, "lines", 0), table.mark());
        }
        String prompt = template(table, "prompt"), completion = template(table, "completion");
        int take = count(table, "take", 0), holdOut = count(table, "hold_out", 0);
        if (Tables.get(table, "file") != null) {
            bind.onlyKeys(table, "data", java.util.stream.Stream.concat(List.of("file", "where").stream(), COMMON.stream()).toList());
            String file = bind.text(Tables.get(table, "file"), "file");
            return file == null ? null : new Data.Records(file, prompt, completion, texts(table, "where"), take, holdOut, table.mark());
        }
        bind.onlyKeys(table, "data", java.util.stream.Stream.concat(List.of("files").stream(), COMMON.stream()).toList());
        SequencedMap<String, String> files = texts(table, "files");
        return new Data.Parallel(files, prompt, completion, take, holdOut, table.mark());
    }

    private String template(Table table, String key) {
        YamlValue value = Tables.get(table, key);
        if (value == null) {
            bind.problems().add(table.mark(), key + " is missing: a text in which {field} stands for a value");
            return "";
        }
        String text = bind.text(value, key);
        return text == null ? "" : text;
    }

    private SequencedMap<String, String> texts(Table table, String key) {
        SequencedMap<String, String> texts = new LinkedHashMap<>();
        YamlValue value = Tables.get(table, key);
        Table inner = value == null ? null : bind.table(value, key);
        if (inner == null) return texts;
        for (Map.Entry<String, YamlValue.Entry> entry : inner.entries().entrySet()) {
            String text = bind.text(entry.getValue().value(), key + "." + entry.getKey());
            if (text != null) texts.put(entry.getKey(), text);
        }
        return texts;
    }

    private int count(Table table, String key, int otherwise) {
        YamlValue value = Tables.get(table, key);
        return value == null ? otherwise : bind.count(value, key, 0);
    }
}
