package io.graft.merge.recipe;

import java.util.List;
import java.util.SequencedMap;

/** A YAML document as a tree whose every value knows its line: what is bound to a recipe. */
sealed interface YamlValue {

    /** {@return where it begins} */
    Mark mark();

    /** {@return what it is, for messages} */
    String kind();

    /** Text, quoted or not. */
    record Text(String text, Mark mark) implements YamlValue {
        @Override
        public String kind() { return "'" + text + "'"; }
    }

    /** A number; {@code source} is how it was written. */
    record Number(double value, String source, Mark mark) implements YamlValue {
        @Override
        public String kind() { return "the number " + source; }
    }

    /** A truth value. */
    record Truth(boolean value, Mark mark) implements YamlValue {
        @Override
        public String kind() { return Boolean.toString(value); }
    }

    /** Nothing: an empty value, {@code ~} or {@code null}. */
    record Nothing(Mark mark) implements YamlValue {
        @Override
        public String kind() { return "nothing"; }
    }

    /** A list. */
    record Items(List<YamlValue> items, Mark mark) implements YamlValue {
        @Override
        public String kind() { return "a list"; }
    }

    /** A mapping, merge keys applied, no key twice. */
    record Table(SequencedMap<String, Entry> entries, Mark mark) implements YamlValue {
        @Override
        public String kind() { return "a mapping"; }
    }

    /** A key's place and its value. */
    record Entry(Mark key, YamlValue value) {}
}
