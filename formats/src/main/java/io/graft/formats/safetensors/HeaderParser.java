package io.graft.formats.safetensors;

import io.graft.engine.memory.DType;
import io.graft.formats.safetensors.SafetensorsException.Kind;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Parses the header where it is mapped, into a {@link Header}: one pass, for the format has a fixed depth, without a string. Strict: white space as JSON has it, integers without sign, fraction or leading zero, known fields, each once.
 */
final class HeaderParser {

    /** No file in the wild holds a thousandth of this; it keeps the index of the keys small. */
    private static final int MAX_METADATA = 1_000_000;

    /** The reference's depth, and far from the end of any stack. */
    private static final int MAX_DEPTH = 127;

    /** Frameworks stop at 64; without a bound, a shape could be larger than a heap. */
    private static final int MAX_RANK = 1024;

    private static final DType[] DTYPES = DType.values();
    private static final byte[][] DTYPE_NAMES = names(DTYPES);
    private static final byte[] METADATA = ascii("__metadata__"), DTYPE = ascii("dtype"), SHAPE = ascii("shape"), OFFSETS = ascii("data_offsets");

    private final HeaderBytes bytes;
    private final Header header;
    private int position;

    private HeaderParser(HeaderBytes bytes) {
        this.bytes = bytes;
        this.header = new Header(bytes);
    }

    /**
     * Parses.
     *
     * @param bytes the header without its length
     * @return what it says, not yet {@linkplain Header#validate validated}
     */
    static Header parse(HeaderBytes bytes) {
        bytes.checkUtf8();
        HeaderParser parser = new HeaderParser(bytes);
        parser.file();
        parser.space();
        if (parser.position < bytes.length()) throw bytes.json(parser.position, "nothing after the object");
        return parser.header;
    }

    private void file() {
        open('{', "an object");
        if (close('}')) return;
        boolean metadata = false;
        do {
            int name = quote("a name in quotes");
            if (bytes.equal(name, METADATA)) {
                if (metadata) throw duplicate(name, null);
                metadata = true;
                position = endOf(name);
                colon();
                metadata();
            } else {
                position = add(header.names, name, null);
                colon();
                tensor(name);
            }
        } while (more('}'));
    }

    private void metadata() {
        space();
        header.metadataAt = position;
        open('{', "an object of strings");
        if (close('}')) return;
        NameTable keys = new NameTable(bytes);
        do {
            if (keys.count() == MAX_METADATA)
                throw new SafetensorsException(Kind.HeaderTooLarge, bytes.file, "too much metadata", "at most " + MAX_METADATA + " entries", "more");
            position = add(keys, quote("a key in quotes"), "__metadata__");
            colon();
            position = endOf(quote("a string: metadata maps strings to strings"));
        } while (more('}'));
    }

    private void tensor(int name) {
        open('{', "an object with dtype, shape and data_offsets");
        int dtype = -1, shape = -1;
        long begin = 0, end = 0;
        boolean offsets = false;
        if (!close('}')) do {
            int field = quote("a field in quotes");
            if (bytes.equal(field, DTYPE)) {
                if (dtype >= 0) throw duplicate(field, name);
                colonAfter(field);
                dtype = dtype();
            } else if (bytes.equal(field, SHAPE)) {
                if (shape >= 0) throw duplicate(field, name);
                colonAfter(field);
                space();
                shape = position;
                shape();
            } else if (bytes.equal(field, OFFSETS)) {
                if (offsets) throw duplicate(field, name);
                offsets = true;
                colonAfter(field);
                open('[', "a list of two offsets");
                begin = integer();
                comma();
                end = integer();
                if (!close(']')) throw bytes.json(position, "two offsets and ']'");
            } else {
                colonAfter(field);
                any(0);
                throw new SafetensorsException(Kind.UnknownField, where(name), "a field that the format does not know", "dtype, shape, data_offsets", bytes.shown(field));
            }
        } while (more('}'));
        if (dtype < 0 || shape < 0 || !offsets)
            throw bytes.json(position - 1, "the field " + (dtype < 0 ? "dtype" : shape < 0 ? "shape" : "data_offsets") + " in tensor " + bytes.shown(name));
        header.add(dtype, shape, begin, end);
    }

    private int dtype() {
        int start = quote("a dtype in quotes");
        for (int i = 0; i < DTYPES.length; i++) {
            if (bytes.equal(start, DTYPE_NAMES[i])) {
                position = endOf(start);
                return i;
            }
        }
        endOf(start);
        throw bytes.json(start, "a dtype of safetensors 0.8 instead of \"" + bytes.shown(start) + "\"");
    }

    private void shape() {
        open('[', "a list of sizes");
        if (close(']')) return;
        int rank = 0;
        do {
            if (rank++ == MAX_RANK) throw bytes.json(position, "at most " + MAX_RANK + " sizes");
            integer();
        } while (more(']'));
    }

    /** An unsigned integer of at most 64 bits, as the bits of a long. */
    private long integer() {
        space();
        int start = position;
        long value = 0;
        for (; position < bytes.length(); position++) {
            int digit = bytes.at(position) - '0';
            if (digit < 0 || digit > 9) break;
            if (Long.compareUnsigned(value, Long.divideUnsigned(-1, 10)) > 0 || value == Long.divideUnsigned(-1, 10) && digit > 5)
                throw bytes.json(start, "an integer of at most 64 bits");
            value = 10 * value + digit;
        }
        boolean fraction = position < bytes.length() && switch (bytes.at(position)) { case '.', 'e', 'E' -> true; default -> false; };
        if (position == start || fraction || bytes.at(start) == '0' && position > start + 1) throw bytes.json(start, "an unsigned integer");
        return value;
    }

    /** Passes over any value: the value of a field that the format does not know, which must be JSON all the same. */
    private void any(int depth) {
        if (depth == MAX_DEPTH) throw bytes.json(position, "nesting of at most " + MAX_DEPTH);
        if (close('{')) {
            if (close('}')) return;
            do {
                colonAfter(quote("a key in quotes"));
                any(depth + 1);
            } while (more('}'));
        } else if (close('[')) {
            if (close(']')) return;
            do any(depth + 1); while (more(']'));
        } else if (close('"')) {
            position = endOf(position);
        } else if (!word("true") && !word("false") && !word("null")) {
            number();
        }
    }

    private boolean word(String word) {
        for (int i = 0; i < word.length(); i++) if (position + i >= bytes.length() || bytes.at(position + i) != word.charAt(i)) return false;
        position += word.length();
        return true;
    }

    private void number() {
        int start = position;
        if (isAt("-")) position++;
        int first = position;
        digits();
        if (bytes.at(first) == '0' && position > first + 1) throw bytes.json(start, "a number without leading zero");
        if (isAt(".")) {
            position++;
            digits();
        }
        if (isAt("eE")) {
            position++;
            if (isAt("+-")) position++;
            digits();
        }
    }

    private void digits() {
        if (!isAt("0123456789")) throw bytes.json(position, "a value");
        while (isAt("0123456789")) position++;
    }

    private boolean isAt(String any) { return position < bytes.length() && any.indexOf(bytes.at(position)) >= 0; }

    /** Adds a name to a table, and gives the place after its closing quote. */
    private int add(NameTable table, int start, String within) {
        int end = table.add(start);
        if (end >= 0) return end + 1;
        throw new SafetensorsException(Kind.DuplicateKey, within == null ? bytes.file : bytes.file + ": " + within, "a key stands twice", "each key once", bytes.shown(start));
    }

    private SafetensorsException duplicate(int field, Integer tensor) {
        return new SafetensorsException(Kind.DuplicateKey, tensor == null ? bytes.file : where(tensor), "a key stands twice", "each key once", bytes.shown(field));
    }

    private String where(int name) { return bytes.file + ": " + bytes.shown(name); }

    /** Reads to the end of a string. */
    private int endOf(int start) {
        HeaderBytes.Text text = bytes.text(start);
        while (text.next() >= 0) { /* each call checks a character */ }
        return text.end() + 1;
    }

    private void colonAfter(int field) {
        position = endOf(field);
        colon();
    }

    private void space() {
        for (; position < bytes.length(); position++) {
            switch (bytes.at(position)) {
                case ' ', '\t', '\n', '\r' -> { }
                default -> { return; }
            }
        }
    }

    private boolean close(char bracket) {
        space();
        if (position >= bytes.length() || bytes.at(position) != bracket) return false;
        position++;
        return true;
    }

    private void open(char bracket, String expected) {
        if (!close(bracket)) throw bytes.json(position, expected);
    }

    private int quote(String expected) {
        open('"', expected);
        return position;
    }

    private void colon() { open(':', "':'"); }

    private void comma() { open(',', "','"); }

    private boolean more(char closing) {
        if (close(closing)) return false;
        if (!close(',')) throw bytes.json(position, "',' or '" + closing + "'");
        return true;
    }

    private static byte[] ascii(String text) { return text.getBytes(StandardCharsets.US_ASCII); }

    private static byte[][] names(DType[] dtypes) {
        byte[][] names = new byte[dtypes.length][];
        for (int i = 0; i < dtypes.length; i++) names[i] = ascii(dtypes[i].name());
        return names;
    }

    /** Reads metadata again that {@link #parse} found valid. */
    static Map<String, String> metadata(HeaderBytes bytes, int at) {
        Map<String, String> metadata = new LinkedHashMap<>();
        HeaderParser again = new HeaderParser(bytes);
        again.position = at;
        again.open('{', "an object");
        if (again.close('}')) return metadata;
        do {
            int key = again.quote("a key");
            again.colonAfter(key);
            int value = again.quote("a string");
            again.position = again.endOf(value);
            metadata.put(bytes.string(key), bytes.string(value));
        } while (again.more('}'));
        return metadata;
    }

    /** Reads a shape again that {@link #parse} found valid. */
    static long[] shape(HeaderBytes bytes, int at) {
        HeaderParser again = new HeaderParser(bytes);
        again.position = at;
        long[] sizes = new long[4];
        int rank = 0;
        again.open('[', "a list");
        if (!again.close(']')) do {
            if (rank == sizes.length) sizes = Arrays.copyOf(sizes, 2 * rank);
            sizes[rank++] = again.integer();
        } while (again.more(']'));
        return Arrays.copyOf(sizes, rank);
    }
}
