package io.graft.merge.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.ModelSources;
import io.graft.merge.analysis.ModelComparison;
import io.graft.merge.experiment.ReadyStudies;
import io.graft.merge.experiment.Study;
import io.graft.merge.experiment.StudyOptions;
import io.graft.merge.experiment.StudyResult;
import io.graft.merge.experiment.StudyRun;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code graft demo}: the main job from end to end, on models that come along or on a real one. */
@Command(name = "demo", description = "Runs the main job on small models that come along: compare, merge, verify; then train and study.",
        footer = {"", "Example: graft demo", "", "No network is needed. The folder of an earlier demo is replaced, any other is left alone.",
            "With --json: folder, page, recipe, merged, seconds (compare, merge, verify); verified (part, from, how, tensors, bytes)."})
final class DemoCommand implements Callable<Integer> {

    @Option(names = "--out", paramLabel = "DIR", description = "Where to write (default: graft-demo).", defaultValue = "graft-demo")
    Path out;

    @Option(names = "--real", paramLabel = "FILE.gguf", description = "The same at full size: this model, with two random LoRA adapters made on the spot.")
    Path real;

    @Option(names = "--no-study", description = "Without the study at the end, which trains two experts and takes a few minutes.")
    boolean noStudy;

    @Mixin
    CommonOptions common = new CommonOptions();

    private PrintStream say;

    /** Who plays: the models as the recipe names them, and its zones. */
    private record Cast(String base, String language, String task, int bottom, int top, String recipe) {}

    @Override
    public Integer call() {
        say = common.json ? new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8) : System.out;
        if ((out + "" + real).contains("+")) throw new RequestException("graft demo", "a + joins a model and its adapter, so no path of the demo can have one", null, real == null ? out : out + ", " + real, null);
        if (real != null && !Files.isRegularFile(real)) throw new RequestException(real.toString(), "no such file", "a GGUF file", null, null);
        if (DemoFolder.begin(out)) common.note("replaced the earlier demo in " + out);
        return play(real == null ? small() : atFullSize());
    }

    private Cast small() {
        say.println("1. Three small trained models of a world with two languages, in " + out);
        say.println("     base             reads both languages, half of the invented one's words, and numbers up to 9");
        say.println("     math-expert      the base after lessons in large numbers, in English only");
        say.println("     language-expert  the base after lessons in all words, without large numbers");
        for (String name : List.of("base", "math-expert", "language-expert")) DemoFolder.model(name, out.resolve(name));
        return cast(out.resolve("base"), out.resolve("language-expert"), out.resolve("math-expert"), 0, 1, "lm_head: task\n");
    }

    /** The GGUF is the base as it is: reading it, adapting it and merging it are one streaming pass. */
    private Cast atFullSize() {
        Path language = out.resolve("language-adapter"), task = out.resolve("task-adapter");
        say.println("1. A real model and two experts of it, in " + out);
        try (ModelSource model = ModelSources.open(real.toString())) {
            RandomAdapter.write(model, real.toString(), language, List.of("self_attn.q_proj", "self_attn.v_proj", "mlp.down_proj"), 1);
            RandomAdapter.write(model, real.toString(), task, List.of("self_attn.k_proj", "self_attn.o_proj", "mlp.up_proj"), 2);
        }
        say.println("     " + real + "  the base");
        say.println("     language-adapter  LoRA of rank 8 on q, v and down, filled with random numbers: it stands for an expert and knows nothing");
        say.println("     task-adapter      the same on k, o and up");
        return cast(real, Path.of(real + "+" + language), Path.of(real + "+" + task), 6, 2, "dtype: bfloat16\n");
    }

    private Cast cast(Path base, Path language, Path task, int bottom, int top, String head) {
        String text = """
                # Layer-Swapping: layers near the words come from one expert, layers between from the other.
                # Change a line, then run: graft merge %s %s --force
                merge_method: layer_swap
                base_model: %s
                language: %s
                task: %s
                bottom: %d          # layers at the input side from the language expert
                top: %d             # layers at the output side from it; those between come from the task expert
                embeddings: sum    # what both experts learned: language + task - base
                final_norm: task
                """.formatted(recipe(), merged(), DemoFolder.yaml(base), DemoFolder.yaml(language), DemoFolder.yaml(task), bottom, top) + head;
        return new Cast(base.toString(), language.toString(), task.toString(), bottom, top, text);
    }

    private Path recipe() { return out.resolve("recipe.yml"); }

    private Path merged() { return out.resolve("merged"); }

    private int play(Cast cast) {
        say.println();
        say.println("2. Where each expert changed the base (A the task's expert, B the language's)");
        say.println();
        long started = System.nanoTime();
        ModelComparison found = DiffCommand.compare(common, cast.task, cast.language, cast.base);
        double compare = (System.nanoTime() - started) / 1e9;
        DiffCommand.maps(found, say);
        Path page = out.resolve("diff.html");
        AtomicFile.write(page, DiffPage.of(found).getBytes(StandardCharsets.UTF_8));
        say.println();
        say.println("   Three models of " + Text.count(found.total().elements()) + " values compared in " + Text.seconds(compare) + "; the same as a page: " + page);

        say.println();
        say.println("3. The recipe, " + recipe());
        say.println();
        DemoFolder.text(recipe(), cast.recipe);
        cast.recipe.lines().forEach(line -> say.println("     " + line));

        say.println();
        say.println("4. graft merge " + recipe() + " " + merged());
        say.flush();
        started = System.nanoTime();
        int status = run("merge", recipe().toString(), merged().toString());
        if (status != 0) return status;
        double merge = (System.nanoTime() - started) / 1e9;

        say.println();
        started = System.nanoTime();
        List<SwapCheck.Part> parts = check(cast);
        double verify = (System.nanoTime() - started) / 1e9;
        long bytes = parts.stream().mapToLong(SwapCheck.Part::bytes).sum();
        say.println("5. The result, verified tensor by tensor against the experts' files");
        say.println();
        Table table = new Table("part", "from", ">tensors", ">bytes", "verified");
        for (SwapCheck.Part part : parts) table.row(part.part(), part.from(), Integer.toString(part.tensors()), Text.bytes(part.bytes()), part.how());
        table.print(say, 2);
        say.println();
        say.println("   " + Text.bytes(bytes) + " merged in " + Text.seconds(merge) + " (" + Text.bytes((long) (bytes / merge)) + "/s), verified in " + Text.seconds(verify));
        if (real == null && !noStudy) study();
        next(page, cast);
        if (common.json) System.out.print(Json.write(json(page, parts, compare, merge, verify)));
        return 0;
    }

    /** Trains two experts of the base and merges them every way: what the swap does, and what it does not. */
    private void study() {
        Path folder = out.resolve("study");
        Study read = ReadyStudies.read("bilingual-world-short", Optional.empty(), out);
        StudyOptions options = new StudyOptions(folder.resolve("cache"), false, 1, List.of(), Optional.empty(), common.threads, common.kernels);
        say.println();
        say.println("6. graft experiment bilingual-world-short --out " + folder);
        say.println();
        say.flush();
        try (StudyProgress progress = new StudyProgress(common, () -> false); StudyRun run = StudyRun.open(read, options, progress)) {
            StudyResult result = run.run();
            progress.end();
            ExperimentCommand.write(result, folder);
            say.println(read.description());
            say.println();
            ExperimentCommand.print(result, folder, say);
            say.println();
            meaning(result).forEach(line -> say.println("   " + line));
        }
    }

    /** What the numbers say, and nothing that they do not. */
    private static List<String> meaning(StudyResult result) {
        java.util.function.BiFunction<String, String, String> of = (method, evaluation) -> result.methods().stream().filter(each -> each.name().equals(method)).findFirst()
                .map(each -> Text.percent(result.mean(each, evaluation))).orElse("-");
        String swap = "swap bottom=0 top=1", asked = "new_large", english = "en_large";
        return List.of("new_large is what neither expert was taught: the math expert has " + of.apply("math", asked) + ", the language expert " + of.apply("language", asked) + ", their mean " + of.apply("soup", asked)
                        + ", the swap at bottom=0 top=1 " + of.apply(swap, asked) + ".",
                "Beside that the swap keeps " + of.apply(swap, english) + " of large numbers in English (math expert " + of.apply("math", english) + "); with the boundary at bottom=2 it keeps "
                        + of.apply("swap bottom=2 top=1", english) + ", task arithmetic " + of.apply("task arithmetic", english) + ".",
                "The other way round (math outside) new_large is " + of.apply("inverted swap", asked) + ", with an expert of another base " + of.apply("swap with a foreign expert", asked) + ".");
    }

    private void next(Path page, Cast cast) {
        say.println();
        say.println("What next:");
        say.println("  open " + page + " in a browser");
        say.println("  change " + recipe() + " (say, top: " + (cast.top + 1) + ") and run: graft merge " + recipe() + " " + merged() + " --force");
        say.println("  graft diff " + cast.base + " " + merged() + " shows what the merged model has of either expert");
        say.println("  graft plan " + recipe() + " says what a merge will do before it does it");
        if (real == null && !noStudy) say.println("  graft experiment bilingual-world runs the whole grid: 98 methods, full and LoRA");
    }

    /** The very command that is printed, in this process; what it prints appears below it. */
    private int run(String... command) {
        String[] all = java.util.Arrays.copyOf(command, command.length + (common.quiet ? 3 : 2));
        all[command.length] = "--threads";
        all[command.length + 1] = Integer.toString(common.threads);
        if (common.quiet) all[command.length + 2] = "--quiet";
        PrintStream stdout = System.out;
        System.setOut(say);
        try {
            return Main.run(all);
        } finally {
            System.setOut(stdout);
        }
    }

    private List<SwapCheck.Part> check(Cast cast) {
        try (ModelSource base = ModelSources.open(cast.base); ModelSource language = ModelSources.open(cast.language); ModelSource task = ModelSources.open(cast.task);
                ModelSource merged = ModelSources.open(merged().toString()); SwapCheck check = new SwapCheck(base, language, task, merged, cast.bottom, cast.top)) {
            return check.verify();
        }
    }

    private JsonObject json(Path page, List<SwapCheck.Part> parts, double compare, double merge, double verify) {
        JsonObject all = new JsonObject(), seconds = new JsonObject();
        all.addProperty("folder", out.toString());
        all.addProperty("page", page.toString());
        all.addProperty("recipe", recipe().toString());
        all.addProperty("merged", merged().toString());
        seconds.addProperty("compare", compare);
        seconds.addProperty("merge", merge);
        seconds.addProperty("verify", verify);
        all.add("seconds", seconds);
        JsonArray verified = new JsonArray();
        for (SwapCheck.Part part : parts) {
            JsonObject entry = new JsonObject();
            entry.addProperty("part", part.part());
            entry.addProperty("from", part.from());
            entry.addProperty("how", part.how());
            entry.addProperty("tensors", part.tensors());
            entry.addProperty("bytes", part.bytes());
            verified.add(entry);
        }
        all.add("verified", verified);
        return all;
    }
}
