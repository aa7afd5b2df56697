package io.graft.merge.yaml;

import io.graft.merge.yaml.YamlValue.Items;
import io.graft.merge.yaml.YamlValue.Table;
import io.graft.merge.yaml.YamlValue.Text;
import io.graft.merge.yaml.YamlValue.Truth;
import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;

/** The small steps of binding: a value as a word, a count, one of several; what it is not becomes a problem with its line. */
public class Binder {

    /** YAML 1.1 makes {@code 2e-5} a text; who writes it means the number. */
    private static final Pattern NUMBER = Pattern.compile("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?");

    private final Problems problems;

    /**
     * A binder.
     *
     * @param problems receives what is wrong
     */
    public Binder(Problems problems) { this.problems = problems; }

    /** {@return what is wrong so far} */
    public final Problems problems() { return problems; }

    /**
     * A mapping.
     *
     * @param value it
     * @param what  what messages call it
     * @return the mapping; null, and a problem, where it is none
     */
    public final Table table(YamlValue value, String what) {
        if (value instanceof Table table) return table;
        problems.add(value.mark(), what + " must be a mapping", "a mapping", value.kind());
        return null;
    }

    /**
     * A list of one or more.
     *
     * @param value it
     * @param what  what messages call it
     * @return its items; none, and a problem, where it is no list or empty
     */
    public final List<YamlValue> items(YamlValue value, String what) {
        if (value instanceof Items list && !list.items().isEmpty()) return list.items();
        problems.add(value.mark(), what + " must be a list of one or more", "a list", value instanceof Items ? "an empty list" : value.kind());
        return List.of();
    }

    /**
     * A word.
     *
     * @param value it
     * @param what  what messages call it
     * @return the word; null, and a problem, where it is none
     */
    public final String text(YamlValue value, String what) {
        if (value instanceof Text text) return text.text();
        problems.add(value.mark(), what + " must be a text", "a text", value.kind(), value instanceof YamlValue.Number || value instanceof Truth ? "put it in quotes" : null);
        return null;
    }

    /**
     * A truth value.
     *
     * @param value it
     * @param what  what messages call it
     * @return it; false, and a problem, where it is none
     */
    public final boolean truth(YamlValue value, String what) {
        if (value instanceof Truth truth) return truth.value();
        problems.add(value.mark(), what + " must be true or false", "true or false", value.kind());
        return false;
    }

    /**
     * A whole number.
     *
     * @param value it
     * @param what  what messages call it
     * @param least the smallest allowed
     * @return it; the smallest, and a problem, where it is none
     */
    public final int count(YamlValue value, String what, int least) {
        if (value instanceof YamlValue.Number number && number.value() == Math.rint(number.value()) && number.value() >= least && number.value() <= Integer.MAX_VALUE) return (int) number.value();
        problems.add(value.mark(), what + " must be a whole number", least + " or more", value.kind());
        return Math.max(0, least);
    }

    /**
     * One word of several.
     *
     * @param value it
     * @param what  what messages call it
     * @param words the words there are
     * @return its place among them; -1, and a problem, where it is none of them
     */
    public final int oneOf(YamlValue value, String what, List<String> words) {
        String text = text(value, what);
        if (text == null) return -1;
        int at = words.indexOf(text);
        if (at < 0) problems.add(value.mark(), "'" + text + "' is no value of " + what, String.join("|", words), text, Suggestion.of(text, words));
        return at;
    }

    /**
     * Refuses the keys that are not known.
     *
     * @param table a mapping
     * @param where what messages call it
     * @param known the keys there are
     */
    public final void onlyKeys(Table table, String where, Collection<String> known) {
        table.entries().forEach((key, entry) -> {
            if (!known.contains(key)) unknown(entry.key(), key, where, known);
        });
    }

    /**
     * Refuses a key.
     *
     * @param mark  where it stands
     * @param key   the key
     * @param where what messages call its mapping
     * @param known the keys there are
     */
    public final void unknown(Mark mark, String key, String where, Collection<String> known) {
        problems.add(mark, "unknown key '" + key + "' in " + where, null, null, hint(key, known));
    }

    /**
     * What to do about an unknown key.
     *
     * @param key   the key
     * @param known the keys there are
     * @return a hint: the nearest known key, or all of them
     */
    protected String hint(String key, Collection<String> known) { return Suggestion.of(key, known); }

    /**
     * A number.
     *
     * @param value it; text that is a number in other YAML readers, such as {@code 2e-5}, is one too
     * @param what  what messages call it
     * @param least the smallest allowed
     * @param most  the largest allowed
     * @return it; the smallest, and a problem, where it is none
     */
    public final double number(YamlValue value, String what, double least, double most) {
        double number = value instanceof YamlValue.Number known ? known.value() : value instanceof Text text && NUMBER.matcher(text.text()).matches() ? Double.parseDouble(text.text()) : Double.NaN;
        if (number >= least && number <= most) return number;
        problems.add(value.mark(), what + " must be a number", "a number from " + least + " to " + most, value.kind());
        return least;
    }
}
