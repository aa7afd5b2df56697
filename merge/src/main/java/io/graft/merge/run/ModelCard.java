package io.graft.merge.run;

import io.graft.formats.model.ModelSource;
import io.graft.merge.plan.MergePlan;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The output's README.md: what it was made of and how, for people and for the Hub's index. */
final class ModelCard {

    private ModelCard() {}

    static String of(MergePlan plan) {
        Set<String> models = new LinkedHashSet<>();
        for (ModelSource input : plan.inputs()) models.add(input.name());
        StringBuilder text = new StringBuilder("---\n");
        List<String> onHub = models.stream().filter(ModelCard::isHubName).toList();
        if (!onHub.isEmpty()) {
            text.append("base_model:\n");
            for (String name : onHub) text.append("- ").append(quoted(name)).append('\n');
        }
        text.append("library_name: transformers\ntags:\n- merge\n- graft\n- ").append(quoted(plan.method())).append("\n---\n\n# A merge by `").append(plan.method()).append("`\n\n")
                .append("Made by Graft out of ").append(models.size() == 1 ? "one model" : models.size() + " models").append(", tensor by tensor in 32-bit arithmetic rounded once.\n\n## Models\n\n");
        for (String name : models) text.append("- ").append(code(name)).append('\n');
        table(text, "## Choices\n\nWhat the recipe said or left open, as it was done:\n\n| choice | value |\n", plan.metadata());
        table(text, "## Tensors\n\n| made by | tensors |\n", counts(plan));
        if (!plan.warnings().isEmpty()) {
            text.append("\n## Warnings\n\n");
            for (String warning : plan.warnings()) text.append("- ").append(oneLine(warning)).append('\n');
        }
        String fence = fence(plan.recipe());
        return text.append("\n## Recipe\n\n").append(fence).append("yaml\n").append(plan.recipe()).append(plan.recipe().endsWith("\n") ? "" : "\n").append(fence).append('\n').toString();
    }

    private static void table(StringBuilder text, String head, Map<String, ?> rows) {
        if (rows.isEmpty()) return;
        text.append('\n').append(head).append("|---|---|\n");
        rows.forEach((key, value) -> text.append("| ").append(cell(key)).append(" | ").append(cell(String.valueOf(value))).append(" |\n"));
    }

    private static Map<String, Integer> counts(MergePlan plan) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        for (var tensor : plan.tensors()) counts.merge(tensor.isCopied() ? "copied unchanged" : words(tensor.operation().getClass().getSimpleName()), 1, Integer::sum);
        return counts;
    }

    /** TaskArithmetic becomes task arithmetic. */
    private static String words(String name) { return name.replaceAll("(?<=[a-z])(?=[A-Z])", " ").toLowerCase(java.util.Locale.ROOT); }

    /** {@return whether a name is the Hub's and no path of somebody's machine} */
    private static boolean isHubName(String name) {
        return name.matches("[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*(@[A-Za-z0-9._-]+)?") && !java.nio.file.Files.exists(java.nio.file.Path.of(name));
    }

    private static String quoted(String value) { return '"' + value.replace("\\", "\\\\").replace("\"", "\\\"") + '"'; }

    private static String code(String value) { return '`' + oneLine(value).replace('`', '\'') + '`'; }

    private static String cell(String value) { return oneLine(value).replace("|", "\\|"); }

    private static String oneLine(String value) {
        List<String> lines = new ArrayList<>();
        value.lines().forEach(lines::add);
        return String.join(" ", lines);
    }

    /** A fence that no line of the recipe closes. */
    private static String fence(String recipe) {
        String fence = "```";
        while (recipe.contains(fence)) fence += "`";
        return fence;
    }
}
