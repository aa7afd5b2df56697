package io.graft.formats.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Byte-pair encoding: a piece starts as one symbol a code point; the pair whose merge has the lowest rank, the leftmost of
 * equals, becomes one symbol, until no pair has a merge.
 *
 * <p>Code points without a symbol become the tokens {@code <0xE0>} of their bytes where all exist, else the unknown token,
 * else nothing. Short pieces are merged in a row of ranks, long ones over a heap: n log n on a megabyte of one letter.
 * There is no cache: with the pair table a word costs a fraction of a microsecond (see the bench), and nothing is shared
 * that changes.
 */
final class BytePairs implements Model {

    /** What the model object of tokenizer.json says beside its vocabulary and merges. */
    record Options(String unknown, boolean fuseUnknown, boolean byteFallback, boolean ignoreMerges) {}

    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    /** Up to this many symbols a scan for the lowest rank is faster than a heap. */
    private static final int SHORT = 48;

    private final Vocabulary vocabulary;
    private final Options options;
    private final int unknownId;
    private final PairTable pairs;
    /** The id that merge number {@code rank} makes. */
    private final int[] merged;
    /** The id of each code point that is a symbol, -1 else, in pages of 256 code points; pages without any are null. */
    private final int[][] symbols = new int[0x1100][];
    /** The ids of {@code <0x00>} to {@code <0xFF>}; -1 for those that are missing. */
    private final int[] bytes = new int[256];

    BytePairs(String where, Vocabulary vocabulary, JsonArray merges, Options options) {
        this.vocabulary = vocabulary;
        this.options = options;
        unknownId = options.unknown == null ? -1 : vocabulary.idOf(options.unknown);
        pairs = new PairTable(merges.size());
        merged = new int[merges.size()];
        for (int rank = 0; rank < merged.length; rank++) merge(where, merges.get(rank), rank);
        for (int id = 0; id < vocabulary.size(); id++) {
            String token = vocabulary.tokenOf(id);
            if (token != null && !token.isEmpty() && token.codePointCount(0, token.length()) == 1) symbol(token.codePointAt(0), id);
        }
        for (int b = 0; b < 256; b++) bytes[b] = vocabulary.idOf("<0x" + HEX.toHexDigits((byte) b) + ">");
    }

    private void merge(String where, JsonElement element, int rank) {
        String left, right;
        if (element instanceof JsonArray pair && pair.size() == 2) {
            left = pair.get(0).getAsString();
            right = pair.get(1).getAsString();
        } else {
            String text = element.isJsonPrimitive() ? element.getAsString() : "";
            int blank = text.indexOf(' ');
            if (blank <= 0 || blank == text.length() - 1 || text.indexOf(' ', blank + 1) >= 0) throw new RequestException(place(where, rank), "not a merge", "two tokens", Json.kind(element) + " " + element);
            left = text.substring(0, blank);
            right = text.substring(blank + 1);
        }
        pairs.put(known(where, rank, left), known(where, rank, right), rank);
        merged[rank] = known(where, rank, left.concat(right));
    }

    private static String place(String where, int rank) { return where + ", model.merges[" + rank + "]"; }

    private int known(String where, int rank, String token) {
        int id = vocabulary.idOf(token);
        if (id < 0) throw new RequestException(place(where, rank), "the merge needs the token \"" + token + "\", which is not in model.vocab");
        return id;
    }

    private void symbol(int point, int id) {
        int[] page = symbols[point >> 8];
        if (page == null) {
            page = symbols[point >> 8] = new int[256];
            Arrays.fill(page, -1);
        }
        page[point & 0xFF] = id;
    }

    private int symbol(int point) {
        int[] page = symbols[point >> 8];
        return page == null ? -1 : page[point & 0xFF];
    }

    @Override
    public void encode(Pieces pieces, int start, int end, Ids out) {
        if (options.ignoreMerges) {
            int whole = vocabulary.idOf(new String(pieces.text, start, end - start));
            if (whole >= 0) {
                out.add(whole, pieces.from(start), pieces.to(end - 1));
                return;
            }
        }
        int count = symbols(pieces.text, start, end, out);
        count = count <= SHORT ? mergeShort(out.symbols, out.lengths, out.ranks, count) : LongMerge.merge(out.symbols, out.lengths, count, pairs, merged);
        emit(pieces, start, end, count, out);
    }

    /** Lengths are in bytes of UTF-8, because a token of one byte is shorter than its code point. */
    private void emit(Pieces pieces, int start, int end, int count, Ids out) {
        int at = start, inside = 0; // the code point that the next token begins in, and how many of its bytes are gone
        for (int i = 0; i < count; i++) {
            int first = Math.min(at, end - 1), left = out.lengths[i], last = first;
            while (left > 0 && at < end) {
                last = at;
                int rest = width(pieces.text[at]) - inside;
                if (left < rest) {
                    inside += left;
                    break;
                }
                left -= rest;
                inside = 0;
                at++;
            }
            out.add(out.symbols[i], pieces.from(first), pieces.to(last));
        }
    }

    private static int width(int c) { return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; }

    private int symbols(int[] text, int start, int end, Ids out) {
        out.room(4 * (end - start) + 1);
        int count = 0, pending = 0; // bytes that wait to become one unknown token
        for (int at = start; at < end; at++) {
            int point = text[at], width = width(point), id = symbol(point);
            if (id >= 0) {
                if (pending > 0) count = put(out, count, unknownId, pending);
                pending = 0;
                count = put(out, count, id, width);
            } else if (!options.byteFallback || (id = fallback(out, count, point, width)) < 0) {
                if (unknownId < 0) continue;
                if (pending > 0 && !options.fuseUnknown) {
                    count = put(out, count, unknownId, pending);
                    pending = 0;
                }
                pending += width;
            } else {
                count = id;
            }
        }
        return pending > 0 ? put(out, count, unknownId, pending) : count;
    }

    private static int put(Ids out, int count, int id, int length) {
        out.symbols[count] = id;
        out.lengths[count] = length;
        return count + 1;
    }

    /** Appends the tokens of a code point's bytes; -1 where one of them is missing. */
    private int fallback(Ids out, int count, int point, int width) {
        if (width == 1) return bytes[point] < 0 ? -1 : put(out, count, bytes[point], 1);
        int lead = width == 2 ? 0xC0 : width == 3 ? 0xE0 : 0xF0;
        for (int i = 0; i < width; i++) {
            int shift = 6 * (width - 1 - i);
            int id = bytes[i == 0 ? lead | point >> shift : 0x80 | point >> shift & 0x3F];
            if (id < 0) return -1;
            put(out, count + i, id, 1);
        }
        return count + width;
    }

    private int mergeShort(int[] symbols, int[] lengths, int[] ranks, int count) {
        for (int i = 0; i + 1 < count; i++) ranks[i] = pairs.get(symbols[i], symbols[i + 1]);
        while (count > 1) {
            int best = PairTable.NONE, at = -1;
            for (int i = 0; i + 1 < count; i++) {
                if (ranks[i] < best) {
                    best = ranks[i];
                    at = i;
                }
            }
            if (at < 0) return count;
            symbols[at] = merged[best];
            lengths[at] += lengths[at + 1];
            count--;
            for (int i = at + 1; i < count; i++) {
                symbols[i] = symbols[i + 1];
                lengths[i] = lengths[i + 1];
                ranks[i] = ranks[i + 1];
            }
            if (at > 0) ranks[at - 1] = pairs.get(symbols[at - 1], symbols[at]);
            if (at + 1 < count) ranks[at] = pairs.get(symbols[at], symbols[at + 1]);
        }
        return count;
    }

    @Override
    public int idOf(String token) { return vocabulary.idOf(token); }

    @Override
    public String tokenOf(int id) { return vocabulary.tokenOf(id); }

    @Override
    public int size() { return vocabulary.size(); }
}
