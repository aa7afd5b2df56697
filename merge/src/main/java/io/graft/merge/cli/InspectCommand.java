package io.graft.merge.cli;

import com.google.gson.JsonPrimitive;
import com.google.gson.stream.JsonWriter;
import java.io.BufferedOutputStream;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft inspect}: what is in a model, from its headers alone. */
@Command(name = "inspect", description = "Shows tensors, shapes, dtypes and files of models.",
        footer = {"", "Example: graft inspect graft-demo/base graft-demo/math-expert", "",
            "With --json: models[] with name, kind, config, metadata, parameters, bytes, files[] (name, bytes), tensors[] (name, dtype, shape, bytes, file: index into files "
                + "or null); errors[] with name and error. A model that cannot be read makes the exit status 1; the others are shown."})
final class InspectCommand implements Callable<Integer> {

    /** Lines beyond these are for --all. */
    private static final int LINES = 1000;

    @Parameters(arity = "1..*", paramLabel = "MODEL", description = "Hugging Face folders, .safetensors or .gguf files, folder+adapter.")
    List<String> models;

    @Option(names = "--all", description = "One line for each tensor, instead of one for all layers.")
    boolean all;

    @Mixin
    CommonOptions common = new CommonOptions();

    /** A model that could not be read. */
    private record Bad(String name, String error) {}

    @Override
    public Integer call() {
        List<Bad> bad = new ArrayList<>();
        if (common.json) json(bad);
        else table(bad);
        return bad.isEmpty() ? 0 : 1;
    }

    /** Null where it is a bad one. One at a time, so that the headers of many large models are not all held at once. */
    private Inspection read(String name, List<Bad> bad) {
        try {
            Inspection found = Inspection.of(name);
            for (String note : found.notes()) common.note(name + ": " + note);
            return found;
        } catch (RuntimeException | OutOfMemoryError error) {
            Failures.report(error, common.debug);
            bad.add(new Bad(name, Failures.line(error)));
            return null;
        }
    }

    private void table(List<Bad> bad) {
        boolean first = true;
        for (String name : models) {
            try (Inspection found = read(name, bad)) {
                if (found == null) continue;
                if (!first) System.out.println();
                first = false;
                print(found);
            }
        }
    }

    private void print(Inspection found) {
        System.out.println(Text.oneLine(found.name(), 300));
        String facts = ConfigFacts.line(found.facts());
        System.out.println("  " + found.kind() + (facts.isEmpty() ? "" : ": " + facts));
        StringBuilder types = new StringBuilder();
        found.bytesByType().forEach((type, bytes) -> types.append(types.isEmpty() ? "" : ", ").append(type).append(found.bytesByType().size() == 1 ? "" : " " + Text.bytes(bytes)));
        int files = found.files().size();
        System.out.println("  " + found.count() + (found.count() == 1 ? " tensor, " : " tensors, ") + Text.count(found.parameters()) + " parameters (" + String.format(java.util.Locale.ROOT, "%,d", found.parameters()) + "), "
                + Text.bytes(found.bytes()) + (files == 0 ? "" : files == 1 ? " in 1 file" : " in " + files + " files") + (types.isEmpty() ? "" : "; " + types));
        if (files > 1) for (Path file : found.files()) System.out.println("    " + Text.oneLine(file.getFileName().toString(), 200) + "  " + Text.bytes(Inspection.size(file)));
        for (Map.Entry<String, String> entry : found.metadata().entrySet()) {
            if (!entry.getKey().equals("format")) System.out.println("  metadata " + Text.oneLine(entry.getKey(), 100) + ": " + Text.oneLine(entry.getValue(), 200));
        }
        if (all) each(found);
        else patterns(found);
    }

    private static void patterns(Inspection found) {
        Table table = new Table("tensor", "dtype", "shape", ">count", ">bytes");
        NamePatterns patterns = new NamePatterns(LINES);
        found.each(patterns::add);
        for (NamePatterns.Line line : patterns.lines()) table.row(Text.oneLine(line.name(), 120), line.type(), line.shape().toString(), Long.toString(line.count()), Text.bytes(line.bytes()));
        if (found.count() > 0) table.print(System.out, 2);
        if (patterns.left() > 0) System.out.println("  ... and " + patterns.left() + " more tensors; --all shows every one");
    }

    /** Straight to stdout, since there may be millions. */
    private static void each(Inspection found) {
        PrintStream out = new PrintStream(new BufferedOutputStream(System.out, 1 << 16), false, StandardCharsets.UTF_8);
        found.each(tensor -> out.println("  " + padded(Text.oneLine(tensor.name(), 300), 56) + "  " + padded(tensor.type(), 4) + "  " + tensor.shape() + "  " + Text.bytes(tensor.bytes())));
        out.flush();
    }

    private static String padded(String text, int width) { return text + " ".repeat(Math.max(0, width - text.length())); }

    private void json(List<Bad> bad) {
        BufferedWriter out = new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8), 1 << 16);
        try {
            JsonWriter json = new JsonWriter(out);
            json.setIndent("  ");
            json.setHtmlSafe(false);
            json.setSerializeNulls(true);
            json.beginObject().name("models").beginArray();
            for (String name : models) {
                try (Inspection found = read(name, bad)) {
                    if (found != null) write(json, found);
                }
            }
            json.endArray().name("errors").beginArray();
            for (Bad each : bad) json.beginObject().name("name").value(each.name).name("error").value(each.error).endObject();
            json.endArray().endObject();
            out.newLine();
            out.flush();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static void write(JsonWriter json, Inspection found) throws IOException {
        json.beginObject().name("name").value(found.name()).name("kind").value(found.kind());
        json.name("config").beginObject();
        for (Map.Entry<String, JsonPrimitive> fact : found.facts().entrySet()) {
            JsonPrimitive value = fact.getValue();
            json.name(fact.getKey());
            if (value.isBoolean()) json.value(value.getAsBoolean());
            else if (value.isNumber()) json.jsonValue(value.getAsString());
            else json.value(value.getAsString());
        }
        json.endObject().name("metadata").beginObject();
        for (Map.Entry<String, String> entry : found.metadata().entrySet()) json.name(entry.getKey()).value(entry.getValue());
        json.endObject().name("parameters").value(found.parameters()).name("bytes").value(found.bytes());
        json.name("files").beginArray();
        for (Path file : found.files()) json.beginObject().name("name").value(file.toString()).name("bytes").value(Inspection.size(file)).endObject();
        json.endArray().name("tensors").beginArray();
        found.each(tensor -> {
            try {
                json.beginObject().name("name").value(tensor.name()).name("dtype").value(tensor.type()).name("shape").jsonValue(tensor.shape().toString());
                json.name("bytes").value(tensor.bytes()).name("file");
                if (tensor.file() == null) json.nullValue();
                else json.value(found.index(tensor.file()));
                json.endObject();
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        });
        json.endArray().endObject();
    }
}
