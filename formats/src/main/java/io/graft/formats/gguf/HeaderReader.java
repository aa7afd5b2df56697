package io.graft.formats.gguf;

import io.graft.formats.gguf.GgufException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Walks through a header from front to back by reads of 64 KiB. Whatever the file announces is compared with what is left
 * of it before anything is allocated.
 */
final class HeaderReader {

    private static final int WINDOW = 1 << 16;
    /** Nobody nests arrays; a file that does is kept from the stack's end. */
    private static final int DEEPEST_ARRAY = 8;

    private final String file;
    private final FileChannel channel;
    private final long size;
    private final byte[] window = new byte[WINDOW];
    private final Little little = Little.ofBytes(window);
    private long windowAt;
    private int windowBytes;
    private long position;

    HeaderReader(Path file, FileChannel channel, long size) {
        this.file = file.toString();
        this.channel = channel;
        this.size = size;
    }

    long position() { return position; }

    long left() { return size - position; }

    long u32(String what) throws IOException { return little.i32(take(4, what)) & 0xFFFFFFFFL; }

    long i64(String what) throws IOException { return little.i64(take(8, what)); }

    /** A count of things that take at least {@code least} bytes each. */
    long count(String what, long least) throws IOException {
        return check(what, i64(what), least);
    }

    /** The same of a count that has been read. */
    long check(String what, long count, long least) {
        if (count < 0 || count > left() / least)
            throw error(Kind.ABSURD_COUNT, what, "at most " + left() / least + " (what the file can hold)", Long.toUnsignedString(count));
        return count;
    }

    String text(String what) throws IOException {
        long length = count("length of " + what, 1);
        if (length > Integer.MAX_VALUE - 8) throw error(Kind.ABSURD_COUNT, "length of " + what, "less than 2^31", length);
        byte[] bytes = bytes((int) length, what);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException malformed) {
            throw error(Kind.BAD_STRING, what, "UTF-8", "other bytes");
        }
    }

    GgufValue value(String key) throws IOException {
        return value(type("type of " + key), key, 0);
    }

    private GgufValue.Type type(String what) throws IOException {
        long number = u32(what);
        GgufValue.Type type = GgufValue.Type.ofNumber(number);
        if (type == null) throw error(Kind.UNKNOWN_TYPE, what, "0 to 12", number);
        return type;
    }

    private GgufValue value(GgufValue.Type type, String key, int depth) throws IOException {
        return switch (type) {
            case STRING -> new GgufValue.Text(text(key));
            case ARRAY -> array(key, depth + 1);
            default -> {
                GgufValue scalar = little.scalar(type, take(type.leastBytes(), key));
                if (scalar == null) throw error(Kind.MALFORMED, key, "a truth value of 0 or 1", "another byte");
                yield scalar;
            }
        };
    }

    private GgufValue array(String key, int depth) throws IOException {
        if (depth > DEEPEST_ARRAY) throw error(Kind.MALFORMED, key, "arrays nested at most " + DEEPEST_ARRAY + " deep", "more");
        GgufValue.Type of = type("element type of " + key);
        long count = count("length of " + key, of.leastBytes());
        if (count * of.leastBytes() > Integer.MAX_VALUE - 8) throw error(Kind.ABSURD_COUNT, "length of " + key, "less than 2^31 bytes", count + " of " + of);
        switch (of) {
            case STRING -> {
                List<String> texts = new ArrayList<>();
                for (long i = 0; i < count; i++) texts.add(text(key));
                return new GgufValue.Texts(Collections.unmodifiableList(texts));
            }
            case ARRAY -> {
                List<GgufValue> arrays = new ArrayList<>();
                for (long i = 0; i < count; i++) arrays.add(array(key, depth + 1));
                return new GgufValue.Arrays(Collections.unmodifiableList(arrays));
            }
            default -> {
                byte[] bytes = bytes((int) count * of.leastBytes(), key);
                if (of == GgufValue.Type.BOOL)
                    for (byte each : bytes) if (each != 0 && each != 1) throw error(Kind.MALFORMED, key, "truth values of 0 or 1", "another byte");
                return new GgufValue.Numbers(of, (int) count, bytes);
            }
        }
    }

    /** Bytes that {@link #count} has already found to be there. */
    private byte[] bytes(int length, String what) throws IOException {
        byte[] bytes = new byte[length];
        for (int done = 0; done < length; ) {
            int part = Math.min(WINDOW, length - done);
            System.arraycopy(window, take(part, what), bytes, done, part);
            done += part;
        }
        return bytes;
    }

    /** Moves past some bytes, at most {@link #WINDOW}, and gives their place in the window. */
    private int take(int length, String what) throws IOException {
        if (length > left()) throw error(Kind.TRUNCATED, what, length + " bytes at " + position, Math.max(0, left()) + " (the end of the file)");
        if (position < windowAt || position + length > windowAt + windowBytes) fill(what);
        int at = (int) (position - windowAt);
        position += length;
        return at;
    }

    private void fill(String what) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(window);
        buffer.limit((int) Math.min(WINDOW, left()));
        windowAt = position;
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, windowAt + buffer.position()) < 0) throw error(Kind.TRUNCATED, what, size + " bytes", "a file that became shorter");
        }
        windowBytes = buffer.position();
    }

    GgufException error(Kind kind, String what, Object expected, Object found) {
        return new GgufException(kind, file, what.length() > 200 ? what.substring(0, 200) + "..." : what, expected, found);
    }
}
