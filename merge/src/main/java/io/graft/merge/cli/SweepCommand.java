package io.graft.merge.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.kernel.Kernels;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.json.Json;
import io.graft.merge.recipe.LayerSwap.Origin;
import io.graft.merge.search.Judge;
import io.graft.merge.search.SearchInput;
import io.graft.merge.search.SearchModels;
import io.graft.merge.search.Sweep;
import io.graft.merge.search.Sweep.Candidate;
import io.graft.merge.search.Sweep.Result;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code graft sweep}: every layer swap within ranges, judged without writing one. */
@Command(name = "sweep", description = "Judge every layer swap (bottom, top, transition, embedding and head rule) without writing one.",
        footer = {"", "Layers that candidates share are computed once; nothing but the results is written.", "",
            "Example: graft sweep --base graft-demo/base --math graft-demo/math-expert --language graft-demo/language-expert --world 0 --html sweep.html", "",
            "With --json: sets, candidates, seconds, results, best first (bottom, top, transition, embeddings, lm_head, score, accuracies)."})
final class SweepCommand implements Callable<Integer> {

    private static final int SHOWN = 15;

    @Mixin
    private SearchOptions search;

    @Option(names = "--bottom", split = ",", paramLabel = "N", description = "Language layers at the input side, such as 0-3 or 0,2,4 (default: all).")
    private List<String> bottom = List.of();

    @Option(names = "--top", split = ",", paramLabel = "N", description = "Language layers at the output side (default: all).")
    private List<String> top = List.of();

    @Option(names = "--transition", split = ",", paramLabel = "N", description = "Layers beside each zone that are half of each expert (default: 0).")
    private List<String> transition = List.of("0");

    @Option(names = "--embeddings", split = ",", paramLabel = "RULE", description = "language, task, base, average, sum (default: all).")
    private List<String> embeddings = List.of();

    @Option(names = "--lm-head", split = ",", paramLabel = "RULE", description = "The same of the head (default: all).")
    private List<String> head = List.of();

    @Option(names = {"-o", "--out"}, paramLabel = "RECIPE.yml", description = "Write the best as a recipe.")
    private Path out;

    @Option(names = "--html", paramLabel = "FILE", description = "Write heat maps and table as one HTML page.")
    private Path html;

    @Mixin
    private CommonOptions common;

    @Override
    public Integer call() {
        SearchInput input = search.input();
        List<Origin> embeddingRules = rules("--embeddings", embeddings), headRules = rules("--lm-head", head);
        long started = System.nanoTime();
        try (SearchModels models = new SearchModels(input.experts()); Kernels kernels = Kernels.open(common.kernels, common.threads)) {
            Judge judge = input.judge(models.source());
            if (judge == null) throw new RequestException("sweep", "no questions to judge by", "--evaluation FILE, or evaluation in the file", "none");
            int layers = models.architecture().layers();
            boolean tied = models.architecture().head().tied();
            List<Candidate> candidates = new Sweep.Ranges(numbers("--bottom", bottom, layers), numbers("--top", top, layers), numbers("--transition", transition, layers), embeddingRules, headRules).candidates(layers, tied);
            common.note(candidates.size() + " candidates");
            List<Result> results = new ArrayList<>(Sweep.run(models, candidates, judge, kernels, _ -> {}));
            double seconds = (System.nanoTime() - started) * 1e-9;
            results.sort(Comparator.comparingDouble((Result each) -> -each.verdict().score())); // stable: of equals the simpler comes first
            Candidate best = results.getFirst().candidate();
            if (out != null) AtomicFile.write(out, ("# graft sweep: the best of " + results.size() + "\n" + best.recipe(input.experts(), tied)).getBytes(StandardCharsets.UTF_8));
            if (html != null) AtomicFile.write(html, SweepPage.of(results).getBytes(StandardCharsets.UTF_8));
            if (common.json) System.out.print(Json.write(json(results, seconds)));
            else print(results, seconds);
        }
        return 0;
    }

    private static List<Integer> numbers(String option, List<String> texts, int layers) {
        if (texts.isEmpty()) return IntStream.rangeClosed(0, layers).boxed().toList();
        TreeSet<Integer> all = new TreeSet<>();
        for (String text : texts) {
            String[] ends = text.strip().split("-", -1);
            try {
                int from = Integer.parseInt(ends[0]), to = Integer.parseInt(ends[ends.length - 1]);
                if (ends.length > 2 || from > to || to > layers) throw new NumberFormatException(text);
                for (int i = from; i <= to; i++) all.add(i);
            } catch (NumberFormatException wrong) {
                throw new RequestException(option, "not a number or range of layers", "0 to " + layers + ", such as 0-3 or 0,2,4", text);
            }
        }
        return List.copyOf(all);
    }

    private static List<Origin> rules(String option, List<String> words) {
        if (words.isEmpty()) return List.of(Origin.values());
        List<Origin> rules = new ArrayList<>();
        for (String word : words) {
            rules.add(Arrays.stream(Origin.values()).filter(each -> each.word().equals(word.strip())).findFirst()
                    .orElseThrow(() -> new RequestException(option, "no such rule", String.join(", ", Arrays.stream(Origin.values()).map(Origin::word).toList()), word)));
        }
        return List.copyOf(rules);
    }

    private void print(List<Result> results, double seconds) {
        List<String> sets = List.copyOf(results.getFirst().verdict().accuracies().sequencedKeySet());
        List<String> heads = new ArrayList<>(List.of(">bottom", ">top", ">transition", "embeddings", "lm_head", ">score"));
        for (String set : sets) heads.add(">" + set);
        Table table = new Table(heads.toArray(String[]::new));
        for (Result each : results.subList(0, Math.min(SHOWN, results.size()))) {
            Candidate swap = each.candidate();
            List<String> row = new ArrayList<>(List.of(Integer.toString(swap.bottom()), Integer.toString(swap.top()), Integer.toString(swap.transition()), swap.embeddings().word(), swap.head().word(), Text.percent(each.verdict().score())));
            for (String set : sets) row.add(Text.percent(each.verdict().accuracies().get(set)));
            table.row(row.toArray(String[]::new));
        }
        table.print(System.out, 0);
        System.out.println();
        System.out.println("best score of each bottom (down) and top (across), over transitions and rules");
        SweepMap map = SweepMap.of(results);
        List<String> columns = new ArrayList<>(List.of(">"));
        for (int each : map.tops()) columns.add(">" + each);
        Table grid = new Table(columns.toArray(String[]::new));
        for (int row = 0; row < map.bottoms().size(); row++) {
            List<String> cells = new ArrayList<>(List.of(Integer.toString(map.bottoms().get(row))));
            for (double value : map.best()[row]) cells.add(Double.isNaN(value) ? "" : Text.percent(value) + shade(map, value));
            grid.row(cells.toArray(String[]::new));
        }
        grid.print(System.out, 0);
        System.out.println();
        System.out.println(results.size() + " candidates in " + Text.seconds(seconds) + (html == null ? "" : "; page " + html) + (out == null ? "" : "; best written to " + out));
    }

    private static char shade(SweepMap map, double value) { return " ░▒▓█".charAt((int) Math.round(map.depth(value) * 4)); }

    private JsonObject json(List<Result> results, double seconds) {
        JsonObject json = new JsonObject();
        JsonArray sets = new JsonArray(), all = new JsonArray();
        results.getFirst().verdict().accuracies().keySet().forEach(sets::add);
        json.add("sets", sets);
        json.addProperty("candidates", results.size());
        json.addProperty("seconds", seconds);
        for (Result result : results) {
            JsonObject each = new JsonObject(), accuracies = new JsonObject();
            each.addProperty("bottom", result.candidate().bottom());
            each.addProperty("top", result.candidate().top());
            each.addProperty("transition", result.candidate().transition());
            each.addProperty("embeddings", result.candidate().embeddings().word());
            each.addProperty("lm_head", result.candidate().head().word());
            each.addProperty("score", result.verdict().score());
            result.verdict().accuracies().forEach(accuracies::addProperty);
            each.add("accuracies", accuracies);
            all.add(each);
        }
        json.add("results", all);
        return json;
    }
}
