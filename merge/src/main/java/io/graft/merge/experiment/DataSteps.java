package io.graft.merge.experiment;

import io.graft.engine.RequestException;
import io.graft.merge.experiment.Study.Data;
import io.graft.merge.yaml.Problems;
import io.graft.merge.yaml.Suggestion;
import io.graft.merge.yaml.YamlValue.Table;
import io.graft.merge.yaml.YamlValue.Text;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The files that trainings name: {@code data/NAME} is what the study makes under that name, {@code data/NAME.validation} what it
 * held out of it, {@code data/NAME/FILE} another file beside them; all else lies under the data root or beside the study.
 */
final class DataSteps {

    private static final String PREFIX = "data/", VALIDATION = ".validation";
    private static final List<String> KEYS = List.of("file", "config", "tokenizer");

    private final Study study;
    private final StudyPlan plan;
    private final ContentHashes hashes;
    private final Map<String, Step> steps = new LinkedHashMap<>();
    private final Problems problems;
    private boolean missingAllowed;

    DataSteps(Study study, StudyPlan plan, ContentHashes hashes, Problems problems) {
        this.study = study;
        this.plan = plan;
        this.hashes = hashes;
        this.problems = problems;
    }

    /** Lets a dry run be planned without the data: what is missing becomes a warning. */
    void allowMissing() { missingAllowed = true; }

    /** The steps that make what a training reads. */
    List<Step> needs(Table settings) {
        List<Step> needs = new ArrayList<>();
        for (String key : KEYS) Tables.mapTexts(settings, key, text -> {
            if (isMade(text.text())) {
                Step step = step(text);
                if (!needs.contains(step)) needs.add(step);
            }
            return text;
        });
        return needs;
    }

    private boolean isMade(String name) { return name.startsWith(PREFIX) && !study.data().isEmpty(); }

    /** With the hash of what a file holds in the place of its name. */
    Table keyed(Table settings) { return each(settings, text -> isMade(text.text()) ? part(text.text()) + " " + step(text).key() : hash(text)); }

    /** With every file where it is. */
    Table ready(Table settings) { return each(settings, text -> (isMade(text.text()) ? made(text) : existing(text)).toString()); }

    /** With names that will be there. */
    Table checkable(Table settings) { return each(settings, text -> isMade(text.text()) ? text.text() : existing(text).toString()); }

    private interface Change {
        String of(Text text);
    }

    private static Table each(Table settings, Change change) {
        Table changed = settings;
        for (String key : KEYS) changed = (Table) Tables.mapTexts(changed, key, text -> new Text(change.of(text), text.mark()));
        return changed;
    }

    private String hash(Text text) {
        Path file = existing(text);
        return Files.isDirectory(file) ? hashes.model(file.toString()) : hashes.file(file);
    }

    private Path existing(Text text) {
        Path file = Paths.data(text.text(), study);
        if (!Files.exists(file)) throw new RequestException(text.mark().toString(), "no such file: " + text.text(), "a file under " + study.dataRoot() + " or beside the study", null, KnownFiles.hint(text.text()));
        return file;
    }

    /** {@code lines.jsonl}, {@code validation.jsonl} or another file of the step. */
    private String part(String name) {
        String rest = name.substring(PREFIX.length());
        int slash = rest.indexOf('/');
        if (slash >= 0) return rest.substring(slash + 1);
        return rest.endsWith(VALIDATION) ? "validation.jsonl" : "lines.jsonl";
    }

    private Path made(Text text) {
        Path folder = plan.pool().folder(step(text));
        String part = part(text.text());
        return part.isEmpty() ? folder : folder.resolve(part);
    }

    private Step step(Text text) {
        String rest = text.text().substring(PREFIX.length());
        int slash = rest.indexOf('/');
        String name = slash >= 0 ? rest.substring(0, slash) : rest.endsWith(VALIDATION) ? rest.substring(0, rest.length() - VALIDATION.length()) : rest;
        Data data = study.data().get(name);
        if (data == null) throw new RequestException(text.mark().toString(), "the study makes no data '" + name + "'", null, null, Suggestion.of(name, study.data().keySet()));
        if (slash < 0 && rest.endsWith(VALIDATION) && !DataMaker.holdsOut(data)) throw new RequestException(text.mark().toString(), "'" + name + "' holds nothing out", "hold_out: how many lines", null);
        if (data instanceof Data.World world) DataMaker.curriculum(world); // refuses an unknown lesson
        Step known = steps.get(name);
        if (known != null) return known;
        List<Path> files = new ArrayList<>();
        Hash key = new Hash().add("data").add(DataMaker.describe(data));
        for (String each : DataMaker.files(data)) {
            Path file = Paths.data(each, study);
            if (missingAllowed && !Files.isRegularFile(file)) {
                problems.warn("missing: " + each + " under " + study.dataRoot() + (KnownFiles.hint(each) == null ? "" : ": " + KnownFiles.hint(each)));
                key.add("missing " + each);
                continue;
            }
            if (!Files.isRegularFile(file))
                throw new RequestException(data.mark().toString(), "no such file: " + each, "under " + study.dataRoot() + " (data_root)", "nothing there", KnownFiles.hint(each));
            files.add(file);
            key.add(hashes.file(file));
        }
        Step step = plan.add(new Step("data " + name, Step.Kind.DATA, key.hex(), List.of(), Cost.SMALL, (folder, _) -> DataMaker.make(data, files, folder)));
        steps.put(name, step);
        return step;
    }

    /** About how many tokens a line has that a training reads: letters by four. */
    double tokens(Table settings) {
        double[] most = {0};
        Tables.mapTexts(settings, "file", text -> {
            if (isMade(text.text())) {
                step(text);
                String name = text.text().substring(PREFIX.length()).replace(VALIDATION, "");
                Data data = study.data().get(name);
                boolean missing = missingAllowed && DataMaker.files(data).stream().anyMatch(file -> !Files.isRegularFile(Paths.data(file, study)));
                if (missing) most[0] = Math.max(most[0], 300);
                else most[0] = Math.max(most[0], DataMaker.tokens(data, study));
            } else most[0] = Math.max(most[0], DataMaker.tokens(existing(text)));
            return text;
        });
        return most[0];
    }
}
