package io.graft.formats.safetensors;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.IntStream;

/** The tensors of a file as a map that keeps nothing: entries are read from the header when they are asked for. */
final class EntryMap extends AbstractMap<String, SafetensorsFile.Entry> implements SequencedMap<String, SafetensorsFile.Entry> {

    private final SafetensorsFile file;
    private final boolean backwards;

    EntryMap(SafetensorsFile file, boolean backwards) {
        this.file = file;
        this.backwards = backwards;
    }

    @Override
    public int size() { return file.count(); }

    @Override
    public boolean containsKey(Object key) { return key instanceof String name && file.find(name) >= 0; }

    @Override
    public SafetensorsFile.Entry get(Object key) {
        int index = key instanceof String name ? file.find(name) : -1;
        return index < 0 ? null : file.entry(index);
    }

    @Override
    public SequencedMap<String, SafetensorsFile.Entry> reversed() { return new EntryMap(file, !backwards); }

    @Override
    public Set<Map.Entry<String, SafetensorsFile.Entry>> entrySet() {
        return new AbstractSet<>() {
            @Override
            public int size() { return file.count(); }

            @Override
            public Iterator<Map.Entry<String, SafetensorsFile.Entry>> iterator() {
                int last = file.count() - 1;
                return IntStream.rangeClosed(0, last).mapToObj(i -> file.entry(backwards ? last - i : i)).map(entry -> Map.entry(entry.name(), entry)).iterator();
            }
        };
    }
}
