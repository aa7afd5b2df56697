package io.graft.merge.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.kernel.Kernels;
import io.graft.formats.chat.ChatTemplate;
import io.graft.formats.examples.Example;
import io.graft.formats.examples.ExampleReader;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.tokenizer.Tokenizer;
import io.graft.formats.tokenizer.TokenizerFiles;
import io.graft.merge.analysis.Additivity;
import io.graft.merge.analysis.AnalysisReport;
import io.graft.merge.analysis.AnalysisReport.Pair;
import io.graft.merge.analysis.Changes;
import io.graft.merge.analysis.Curve;
import io.graft.merge.analysis.ExampleLoss;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft analyse}: what experts changed of their base, what two of them share, and what their changes do. */
@Command(name = "analyse", description = "Show where experts changed their base, what two of them share, and what rolling their changes back does.",
        footer = {"", "Chance: what sets of that size would share if drawn from all values; by tensor, if drawn in each tensor as many as there are. --same gives two runs of one training, whose overlap "
            + "is what different experts' has to be held against. Curves and additivity need --data.", "",
            "Example: graft analyse base math language --same math,math-seed-2 --data math.jsonl --html analysis.html", "",
            "--json keys: base, fractions, not_compared, and a list of objects for each table: experts, modules, layers, cells {expert, layer (null outside), module, elements, mean_change, relative, top_share}, "
            + "overlap {a, b, kind, fraction, jaccard, chance, times_chance, chance_by_tensor, times_chance_by_tensor}, cosine {a, b, kind, tensor, cosine}, rows_and_columns, rollback {expert, data, reverted, loss}, "
            + "along {expert, data, factor, loss}, linearity {expert, data, bend}, additivity {a, b, layer, error, cosine}. --csv: the same tables as lines table,row,column,value."})
final class AnalyseCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "BASE", description = "The model that the experts were trained from.")
    private String base;

    @Parameters(index = "1", arity = "1..*", paramLabel = "EXPERT", description = "One or more experts: folders, adapters upon the base (base+adapter), or recipes.")
    private List<String> experts;

    @Option(names = "--same", paramLabel = "A,B", description = "Two runs of the same training, for comparison; may be given again.")
    private List<String> same = List.of();

    @Option(names = "--top", paramLabel = "PERCENTS", description = "Sizes of the sets of largest changes, equals of the last one included (default: ${DEFAULT-VALUE}).", defaultValue = "1,5,10,20")
    private String top;

    @Option(names = "--data", paramLabel = "FILE", description = "Examples (JSON lines, as graft train reads them) whose loss the curves show; may be given again.")
    private List<Path> data = List.of();

    @Option(names = "--examples", paramLabel = "N", description = "Of each file, the first N (default: ${DEFAULT-VALUE}).", defaultValue = "64")
    private int examples;

    @Option(names = "--max-length", paramLabel = "N", description = "Tokens of an example at most (default: ${DEFAULT-VALUE}).", defaultValue = "512")
    private int maxLength;

    @Option(names = "--rollback", paramLabel = "PERCENTS", description = "Shares of the changes to revert, the smallest first (default: ${DEFAULT-VALUE}).", defaultValue = "0,10,25,50,75,90,95,99,100")
    private String rollback;

    @Option(names = "--scope", paramLabel = "tensor|all", description = "Whether the changes of each tensor compete, or those of all together (default: ${DEFAULT-VALUE}).", defaultValue = "tensor")
    private String scope;

    @Option(names = "--along", paramLabel = "FACTORS", description = "The a of base + a times the task vector (default: ${DEFAULT-VALUE}).", defaultValue = "0,0.25,0.5,0.75,1,1.25,1.5")
    private String along;

    @Option(names = "--tokens", paramLabel = "N", description = "Tokens of the first --data file for additivity, at most (default: ${DEFAULT-VALUE}).", defaultValue = "512")
    private int tokens;

    @Option(names = "--html", paramLabel = "FILE", description = "Write a page with heat maps and curves, too.")
    private Path html;

    @Option(names = "--csv", paramLabel = "FILE", description = "Write all tables as CSV, too.")
    private Path csv;

    @Mixin
    private CommonOptions common;

    private record Data(String name, List<Example> examples) {}

    @Override
    public Integer call() {
        double[] fractions = numbers("--top", top, 0, 100, 100), reverted = numbers("--rollback", rollback, 0, 100, 100), factors = numbers("--along", along, -100, 100, 1);
        for (double fraction : fractions) if (fraction <= 0 || fraction >= 1) throw new RequestException("--top", "no size of a set", "over 0 and under 100", fraction * 100);
        if (!scope.equals("tensor") && !scope.equals("all")) throw new RequestException("--scope", "unknown", "tensor or all", scope);
        if (examples < 1 || tokens < 1) throw new RequestException("--examples, --tokens", "too few", "1 or more", Math.min(examples, tokens));
        List<String> names = new ArrayList<>(experts);
        List<Pair> pairs = pairs(names);
        List<ModelSource> open = new ArrayList<>();
        try {
            ModelSource start = open(base, open);
            List<ModelSource> models = new ArrayList<>();
            for (String name : names) models.add(open(name, open));
            List<Data> texts = data(start, models);
            AnalysisReport found = measure(start, models, pairs, fractions, reverted, factors, texts);
            tell(found);
        } finally {
            open.forEach(ModelSource::close);
        }
        return 0;
    }

    private ModelSource open(String name, List<ModelSource> open) {
        ModelSource model = ModelArguments.open(name);
        open.add(model);
        model.notes().forEach(common::note);
        return model;
    }

    /** All pairs of the experts named, and those of {@code --same}, whose models join the list. */
    private List<Pair> pairs(List<String> names) {
        List<Pair> pairs = new ArrayList<>();
        List<Pair> alike = new ArrayList<>();
        for (String each : same) {
            String[] two = each.split(",");
            if (two.length != 2 || two[0].isBlank() || two[1].isBlank() || two[0].equals(two[1])) throw new RequestException("--same", "must be two models", "A,B", each);
            for (String name : two) if (!names.contains(name)) names.add(name);
            int a = names.indexOf(two[0]), b = names.indexOf(two[1]);
            alike.add(new Pair(Math.min(a, b), Math.max(a, b), true));
        }
        for (int b = 1; b < experts.size(); b++) for (int a = 0; a < b; a++) if (!alike.contains(new Pair(a, b, true))) pairs.add(new Pair(a, b, false));
        pairs.addAll(alike);
        return pairs;
    }

    private List<Data> data(ModelSource start, List<ModelSource> models) {
        List<Data> all = new ArrayList<>();
        if (data.isEmpty()) return all;
        TokenizerFiles files = TokenizerFiles.of(start);
        for (ModelSource model : models) if (!files.has("tokenizer.json")) files = TokenizerFiles.of(model);
        boolean template = files.has("chat_template.jinja") || files.objectOrEmpty("tokenizer_config.json").has("chat_template");
        ExampleReader reader = new ExampleReader(files.has("tokenizer.json") ? Tokenizer.from(files) : null, template ? ChatTemplate.from(files) : null, maxLength);
        for (Path file : data) {
            List<Example> read = reader.read(file);
            all.add(new Data(file.getFileName().toString(), read.subList(0, Math.min(examples, read.size()))));
        }
        return all;
    }

    private AnalysisReport measure(ModelSource start, List<ModelSource> models, List<Pair> pairs, double[] fractions, double[] reverted, double[] factors, List<Data> texts) {
        long elements = start.tensors().values().stream().mapToLong(tensor -> tensor.shape().elements()).sum();
        Changes changes;
        try (Progress progress = Progress.start(common, "walking over the weights", 3 * elements, "values")) {
            changes = Changes.measure(start, models, fractions, common.threads, progress);
        }
        List<Curve> rolled = new ArrayList<>(), followed = new ArrayList<>();
        List<Additivity> added = new ArrayList<>();
        if (!texts.isEmpty()) {
            try (Kernels kernels = Kernels.open(common.kernels, common.threads);
                    Progress progress = Progress.start(common, "running models", (long) texts.size() * experts.size() * (reverted.length + factors.length), "models")) {
                for (Data each : texts) {
                    ExampleLoss loss = new ExampleLoss(each.examples(), kernels);
                    for (ModelSource expert : models.subList(0, experts.size())) {
                        rolled.add(Curve.rollback(start, expert, reverted, scope.equals("all"), each.name(), model -> counted(loss, model, progress)));
                        followed.add(Curve.along(start, expert, factors, each.name(), model -> counted(loss, model, progress)));
                    }
                }
                List<int[]> ids = texts.getFirst().examples().stream().map(Example::ids).toList();
                for (Pair pair : pairs) if (!pair.same()) added.add(Additivity.measure(start, models.get(pair.a()), models.get(pair.b()), ids, tokens, kernels));
            }
        }
        return new AnalysisReport(changes, pairs, rolled, followed, added);
    }

    private static double counted(ExampleLoss loss, ModelSource model, Progress progress) {
        double found = loss.of(model);
        progress.accept(1);
        return found;
    }

    private void tell(AnalysisReport found) {
        AnalysisSheets tables = new AnalysisSheets(found);
        List<Sheet> sheets = tables.all();
        if (html != null) write(html, AnalysisPage.of(found, tables, sheets));
        if (csv != null) {
            StringBuilder lines = new StringBuilder("table,row,column,value\r\n");
            sheets.forEach(sheet -> sheet.csv(lines));
            write(csv, lines.toString());
        }
        if (!common.json) {
            for (Sheet sheet : sheets) {
                if (sheet.key().equals("cells")) continue;
                sheet.print(System.out, switch (sheet.key()) {
                    case "cosine", "rows_and_columns" -> 10;
                    default -> Integer.MAX_VALUE;
                });
            }
            for (String line : found.changes().left()) System.out.println("not compared: " + Text.oneLine(line, 300));
            return;
        }
        JsonObject json = new JsonObject();
        json.addProperty("base", found.changes().base());
        JsonArray fractions = new JsonArray(), left = new JsonArray();
        for (double fraction : found.changes().fractions()) fractions.add(fraction);
        found.changes().left().forEach(left::add);
        json.add("fractions", fractions);
        json.add("not_compared", left);
        for (Sheet sheet : sheets) json.add(sheet.key(), sheet.json());
        System.out.print(Json.write(json));
    }

    private void write(Path file, String text) {
        AtomicFile.write(file, text.getBytes(StandardCharsets.UTF_8));
        common.note("wrote " + file);
    }

    private static double[] numbers(String option, String text, double least, double most, double unit) {
        String[] words = text.split(",");
        double[] numbers = new double[words.length];
        for (int i = 0; i < words.length; i++) {
            try {
                numbers[i] = Double.parseDouble(words[i].strip());
            } catch (NumberFormatException wrong) {
                throw new RequestException(option, "not a number", "numbers between commas", words[i]);
            }
            if (!(numbers[i] >= least && numbers[i] <= most)) throw new RequestException(option, "out of range", least + " to " + most, words[i]);
            numbers[i] /= unit;
        }
        return Arrays.stream(numbers).sorted().distinct().toArray();
    }
}
