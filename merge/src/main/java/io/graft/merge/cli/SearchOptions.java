package io.graft.merge.cli;

import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import io.graft.merge.search.Experts;
import io.graft.merge.search.SearchInput;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What every search is given, by a file or by options; an option goes before the file. */
final class SearchOptions {

    @Parameters(index = "0", arity = "0..1", paramLabel = "FILE.yml", description = "base, experts {math, language}, calibration {math, language}, evaluation [{name, file}], world {seed, lines, problems}.")
    Path file;

    @Option(names = "--base", paramLabel = "MODEL", description = "What both experts come from.")
    String base;

    @Option(names = "--math", paramLabel = "MODEL", description = "The task's expert.")
    String math;

    @Option(names = "--language", paramLabel = "MODEL", description = "The language's expert.")
    String language;

    @Option(names = "--calibration-math", paramLabel = "FILE", description = "Texts that show what the math expert can do, as graft train reads them.")
    List<Path> calibrationMath = List.of();

    @Option(names = "--calibration-language", paramLabel = "FILE", description = "The same of the language expert.")
    List<Path> calibrationLanguage = List.of();

    @Option(names = "--evaluation", paramLabel = "FILE", description = "Questions to judge by: prompt and completion a line; right is what a model would answer word for word.")
    List<Path> evaluation = List.of();

    @Option(names = "--world", paramLabel = "SEED", description = "Texts and questions of the synthetic bilingual world.")
    Long world;

    @Option(names = "--lines", paramLabel = "N", description = "Of the synthetic world: texts of each ability (default: 64).")
    Integer lines;

    @Option(names = "--problems", paramLabel = "N", description = "Of the synthetic world: questions of each of its six sets (default: 100).")
    Integer problems;

    /** {@return all of it; every model is named} */
    SearchInput input() {
        SearchInput read = file == null ? new SearchInput(new Experts(null, null, null), Map.of(), new LinkedHashMap<>(), null) : SearchInput.read(file.toString(), Json.readText(file));
        Experts experts = new Experts(named("base", base, read.experts().base()), named("math", math, read.experts().math()), named("language", language, read.experts().language()));
        Map<String, List<Path>> texts = new LinkedHashMap<>(read.calibration());
        if (!calibrationMath.isEmpty()) texts.put("math", calibrationMath);
        if (!calibrationLanguage.isEmpty()) texts.put("language", calibrationLanguage);
        SequencedMap<String, Path> questions = new LinkedHashMap<>(evaluation.isEmpty() ? read.evaluation() : Map.of());
        for (Path each : evaluation) questions.put(each.getFileName().toString().replaceFirst("\\.jsonl$", ""), each);
        return new SearchInput(experts, texts, questions, world(read.world()));
    }

    private SearchInput.World world(SearchInput.World read) {
        if (world == null && read == null) {
            if (lines != null || problems != null) throw new RequestException(lines != null ? "--lines" : "--problems", "it is of the synthetic world, which was not asked for", "--world SEED", "none");
            return null;
        }
        int count = lines != null ? lines : read != null ? read.lines() : 64, asked = problems != null ? problems : read != null ? read.problems() : 100;
        if (count < 1) throw new RequestException("--lines", "too few", "1 or more", count);
        if (asked < 1 || asked > 2000) throw new RequestException("--problems", "out of range", "1 to 2000", asked);
        return new SearchInput.World(world != null ? world : read.seed(), count, asked);
    }

    private String named(String what, String option, String read) {
        String model = option != null ? option : read;
        if (model == null) throw new RequestException(file == null ? "--" + what : file + ": " + (what.equals("base") ? what : "experts." + what), "the model is missing", "a model argument", "none");
        return model;
    }
}
