package io.graft.merge.eval;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import io.graft.merge.eval.EvalData.Row;
import io.graft.merge.yaml.Binder;
import io.graft.merge.yaml.Problems;
import io.graft.merge.yaml.YamlReader;
import io.graft.merge.yaml.YamlValue;
import io.graft.merge.yaml.YamlValue.Entry;
import io.graft.merge.yaml.YamlValue.Table;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiPredicate;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A task of a user's own, by a YAML file. Its keys:
 *
 * <ul>
 * <li>{@code name}: of the task (default: the file's name);
 * <li>{@code kind}: {@code generate} (default), {@code choice} or {@code perplexity};
 * <li>{@code data}: JSON lines, or the text of a perplexity; a path, relative to the YAML file;
 * <li>{@code prompt}: with {@code {key}} for a row's values; default <code>{prompt}</code>, of choices <code>{question}</code>;
 * <li>{@code answer}: the right answer, likewise; default <code>{answer}</code>; of choices the key of an index from 0, a letter, or the
 *     text of a choice;
 * <li>{@code choices}: the key of the list of choices (default {@code choices});
 * <li>{@code group}: a key; every value gets a result of its own (default: {@code set}, where the rows have that key);
 * <li>{@code until}: strings that end an answer (default: a newline and {@code .}); {@code max_new_tokens} (default 64);
 * <li>{@code examples}: JSON lines to show before a question, {@code shots} of them (default: all), joined by {@code separator}
 *     (default: a blank line), with {@code delimiter} (default: a blank) between prompt and answer;
 * <li>{@code filters}: a list of {@code name}; {@code extract}: {@code all} (default: the whole output, stripped), {@code first_line}, {@code last_number},
 *     {@code flexible} (the harness's), or {@code pattern}: a regular expression, its first match's group 1, or all of it where it has no group;
 *     {@code match}: {@code exact} (default), {@code numeric}, or {@code harness} (case and punctuation ignored); {@code of_gold: true} extracts
 *     from the right answer in the same way. Default: one filter; where all right answers are numbers, {@code numeric}: the last number of the
 *     output; else {@code exact}: the output, without a final full stop on either side;
 * <li>{@code metric}: the filter that is the task's accuracy (default: the first);
 * <li>{@code window}: of a perplexity.
 * </ul>
 */
public final class TaskFile {

    private static final List<String> KEYS = List.of("name", "kind", "data", "prompt", "answer", "choices", "group", "until", "max_new_tokens", "examples", "shots", "separator", "delimiter",
            "filters", "metric", "window");
    private static final List<String> FILTER_KEYS = List.of("name", "extract", "pattern", "match", "of_gold");
    private static final List<String> EXTRACTS = List.of("all", "first_line", "last_number", "flexible"), MATCHES = List.of("exact", "numeric", "harness");
    private static final Pattern FIELD = Pattern.compile("\\{([^{}]+)}");

    private static final Filter EXACT = new Filter("exact", TaskFile::withoutStop, (found, gold) -> found.equals(withoutStop(gold)));

    /** Which task a file describes. */
    enum Kind { GENERATE, CHOICE, PERPLEXITY }

    private final Path folder;
    private final TaskSettings settings;
    private String name, prompt, answer, choices = "choices", group, separator = "\n\n", delimiter = " ", metric;
    private Kind kind = Kind.GENERATE;
    private Path data, examples;
    private List<String> until = List.of("\n", ".");
    private int maxNewTokens = 64, shots = -1, window;
    private final List<Filter> filters = new ArrayList<>();

    private TaskFile(Path folder, TaskSettings settings) {
        this.folder = folder;
        this.settings = settings;
    }

    /** The task that a YAML file describes. */
    static EvalTask read(Path file, TaskSettings settings) {
        Problems problems = new Problems();
        Binder binder = new Binder(problems);
        TaskFile task = new TaskFile(file.toAbsolutePath().getParent(), settings);
        task.name = stem(file);
        Table table = binder.table(YamlReader.read(file.toString(), Json.readText(file), problems), "a task");
        if (table != null) task.bind(table, binder);
        if (table != null && task.data == null && !table.entries().containsKey("data")) problems.add(table.mark(), "data is missing in a task");
        problems.throwIfAny();
        return task.build();
    }

    /** The task of a file of data alone. */
    static EvalTask ofData(Kind kind, Path data, TaskSettings settings) {
        TaskFile task = new TaskFile(Path.of("."), settings);
        task.kind = kind;
        task.data = data;
        task.name = stem(data);
        return task.build();
    }

    private static String stem(Path file) {
        String name = file.getFileName().toString();
        int dot = name.lastIndexOf('.');
        return dot > 0 ? name.substring(0, dot) : name;
    }

    private void bind(Table table, Binder binder) {
        binder.onlyKeys(table, "a task", KEYS);
        table.entries().forEach((key, entry) -> {
            YamlValue value = entry.value();
            switch (key) {
                case "name" -> name = binder.text(value, key);
                case "kind" -> kind = Kind.values()[Math.max(0, binder.oneOf(value, key, List.of("generate", "choice", "perplexity")))];
                case "data" -> data = path(binder.text(value, key));
                case "prompt" -> prompt = binder.text(value, key);
                case "answer" -> answer = binder.text(value, key);
                case "choices" -> choices = binder.text(value, key);
                case "group" -> group = binder.text(value, key);
                case "until" -> until = binder.items(value, key).stream().map(item -> binder.text(item, "a stop string")).filter(text -> text != null && !text.isEmpty()).toList();
                case "max_new_tokens" -> maxNewTokens = binder.count(value, key, 1);
                case "examples" -> examples = path(binder.text(value, key));
                case "shots" -> shots = binder.count(value, key, 0);
                case "separator" -> separator = binder.text(value, key);
                case "delimiter" -> delimiter = binder.text(value, key);
                case "filters" -> binder.items(value, key).forEach(item -> filter(item, binder));
                case "metric" -> metric = binder.text(value, key);
                case "window" -> window = binder.count(value, key, 2);
                default -> { } // refused above
            }
        });
        Entry wanted = table.entries().get("metric");
        if (metric != null && !names().contains(metric)) binder.problems().add(wanted.value().mark(), "metric names no filter", names(), metric);
    }

    private List<String> names() { return filters.isEmpty() ? List.of("exact", "numeric") : filters.stream().map(Filter::name).toList(); }

    private Path path(String text) { return text == null ? null : folder.resolve(text); }

    private void filter(YamlValue value, Binder binder) {
        Table table = binder.table(value, "a filter");
        if (table == null) return;
        binder.onlyKeys(table, "a filter", FILTER_KEYS);
        String called = "filter-" + (filters.size() + 1);
        int how = 0, rule = 0;
        boolean ofGold = false;
        Pattern pattern = null;
        for (var each : table.entries().entrySet()) {
            YamlValue item = each.getValue().value();
            switch (each.getKey()) {
                case "name" -> called = binder.text(item, "name");
                case "extract" -> how = Math.max(0, binder.oneOf(item, "extract", EXTRACTS));
                case "match" -> rule = Math.max(0, binder.oneOf(item, "match", MATCHES));
                case "of_gold" -> ofGold = binder.truth(item, "of_gold");
                case "pattern" -> pattern = pattern(item, binder);
                default -> { } // refused above
            }
        }
        String name = called;
        if (filters.stream().anyMatch(each -> each.name().equals(name))) binder.problems().add(table.mark(), "two filters of one name", "names that differ", called);
        UnaryOperator<String> extract = pattern != null ? byPattern(pattern) : switch (EXTRACTS.get(how)) {
            case "first_line" -> output -> output.strip().lines().findFirst().orElse("").strip();
            case "last_number" -> Extraction::lastNumber;
            case "flexible" -> Extraction::flexible;
            default -> String::strip;
        };
        BiPredicate<String, String> match = switch (MATCHES.get(rule)) {
            case "numeric" -> Extraction::numericMatch;
            case "harness" -> Extraction::exactMatch;
            default -> String::equals;
        };
        filters.add(new Filter(called, extract, ofGold ? (found, gold) -> match.test(found, extract.apply(gold)) : match));
    }

    private static Pattern pattern(YamlValue value, Binder binder) {
        String text = binder.text(value, "pattern");
        if (text == null) return null;
        try {
            return Pattern.compile(text);
        } catch (PatternSyntaxException wrong) {
            binder.problems().add(value.mark(), "not a regular expression: " + wrong.getDescription(), null, text);
            return null;
        }
    }

    private static UnaryOperator<String> byPattern(Pattern pattern) {
        return output -> {
            Matcher match = pattern.matcher(output);
            if (!match.find()) return Extraction.INVALID;
            String found = match.groupCount() == 0 ? match.group() : match.group(1);
            return found == null ? Extraction.INVALID : found.strip();
        };
    }

    private EvalTask build() {
        if (kind == Kind.PERPLEXITY) return new PerplexityTask(name, Json.readText(data), window);
        List<Row> rows = EvalData.rows(data);
        if (prompt == null) prompt = kind == Kind.CHOICE ? "{question}" : "{prompt}";
        if (answer == null) answer = kind == Kind.CHOICE ? "answer" : "{answer}";
        if (group == null && rows.getFirst().fields().has("set")) group = "set";
        String before = before();
        if (kind == Kind.CHOICE) {
            List<ChoiceTask.Question> questions = new ArrayList<>();
            for (Row row : rows) questions.add(new ChoiceTask.Question(questions.size(), group(row), before + filled(prompt, row), choices(row), gold(row)));
            return new ChoiceTask(name, questions);
        }
        List<GenerateTask.Question> questions = new ArrayList<>();
        for (Row row : rows) questions.add(new GenerateTask.Question(questions.size(), group(row), before + filled(prompt, row), filled(answer, row)));
        if (filters.isEmpty()) filters.add(questions.stream().allMatch(each -> Extraction.number(each.gold()) != null) ? Filter.numeric() : EXACT);
        return new GenerateTask(name, questions, until, maxNewTokens, filters, metric == null || filters.stream().noneMatch(each -> each.name().equals(metric)) ? filters.getFirst().name() : metric);
    }

    private static String withoutStop(String text) {
        String kept = text.strip();
        return kept.endsWith(".") ? kept.substring(0, kept.length() - 1).stripTrailing() : kept;
    }

    private String before() {
        if (examples == null) {
            if (settings.shots() > 0) throw new RequestException(name, "it has no examples", "a task with the key examples", settings.shots() + " shots");
            return "";
        }
        if (!Files.isRegularFile(examples)) throw new RequestException(examples.toString(), "no such file of examples");
        List<Row> rows = EvalData.rows(examples);
        StringBuilder before = new StringBuilder();
        for (int i : settings.choose(rows.size(), shots < 0 ? rows.size() : shots)) {
            Row row = rows.get(i);
            String shown = kind == Kind.CHOICE ? choices(row).get(gold(row)) : filled(answer, row);
            before.append(filled(prompt, row)).append(delimiter).append(shown).append(separator);
        }
        return before.toString();
    }

    private String group(Row row) { return group == null ? null : row.text(group); }

    private static String filled(String template, Row row) {
        return FIELD.matcher(template).replaceAll(match -> Matcher.quoteReplacement(row.text(match.group(1))));
    }

    private List<String> choices(Row row) {
        if (!(row.fields().get(choices) instanceof JsonArray list) || list.size() < 2) throw new RequestException(row.where(), "the key \"" + choices + "\"", "a list of two or more texts", Json.kind(row.fields().get(choices)));
        List<String> texts = new ArrayList<>();
        for (JsonElement each : list) texts.add(each instanceof JsonPrimitive text ? text.getAsString() : each.toString());
        return texts;
    }

    /** The right choice: an index from 0, a letter, or the text itself. */
    private int gold(Row row) {
        List<String> texts = choices(row);
        JsonElement gold = row.fields().get(answer);
        int found = -1;
        if (gold instanceof JsonPrimitive number && number.isNumber()) {
            double index = number.getAsDouble();
            found = index == Math.rint(index) && index >= 0 && index < texts.size() ? (int) index : -1;
        } else if (gold instanceof JsonPrimitive text && text.isString()) {
            found = texts.indexOf(text.getAsString());
            if (found < 0 && text.getAsString().length() == 1) found = text.getAsString().toUpperCase(Locale.ROOT).charAt(0) - 'A';
        }
        if (found < 0 || found >= texts.size()) throw new RequestException(row.where(), "the key \"" + answer + "\" names no choice", "0 to " + (texts.size() - 1) + ", a letter, or the text of a choice", gold);
        return found;
    }
}
