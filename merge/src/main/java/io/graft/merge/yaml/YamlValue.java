package io.graft.merge.yaml;

import java.util.List;
import java.util.SequencedMap;

/** A YAML document as a tree whose every value knows its line: what recipes, trainings and studies are bound from. */
public sealed interface YamlValue {

    /** {@return where it begins} */
    Mark mark();

    /** {@return what it is, for messages} */
    String kind();

    /**
     * Text, quoted or not.
     *
     * @param text its characters
     * @param mark where it begins
     */
    record Text(String text, Mark mark) implements YamlValue {
        @Override
        public String kind() { return "'" + text + "'"; }
    }

    /**
     * A number.
     *
     * @param value  finite
     * @param source how it was written
     * @param mark   where it begins
     */
    record Number(double value, String source, Mark mark) implements YamlValue {
        @Override
        public String kind() { return "the number " + source; }
    }

    /**
     * A truth value.
     *
     * @param value it
     * @param mark  where it begins
     */
    record Truth(boolean value, Mark mark) implements YamlValue {
        @Override
        public String kind() { return Boolean.toString(value); }
    }

    /**
     * Nothing: an empty value, {@code ~} or {@code null}.
     *
     * @param mark where it would begin
     */
    record Nothing(Mark mark) implements YamlValue {
        @Override
        public String kind() { return "nothing"; }
    }

    /**
     * A list.
     *
     * @param items in order
     * @param mark  where it begins
     */
    record Items(List<YamlValue> items, Mark mark) implements YamlValue {
        @Override
        public String kind() { return "a list"; }
    }

    /**
     * A mapping, merge keys applied, no key twice.
     *
     * @param entries by key, in order
     * @param mark    where it begins
     */
    record Table(SequencedMap<String, Entry> entries, Mark mark) implements YamlValue {
        @Override
        public String kind() { return "a mapping"; }
    }

    /**
     * A key's place and its value.
     *
     * @param key   where the key stands
     * @param value what it says
     */
    record Entry(Mark key, YamlValue value) {}
}
