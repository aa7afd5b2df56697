package io.graft.formats.safetensors;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Names of the header by where they stand, findable and each only once: 12 to 20 bytes of heap a name, whatever its length.
 *
 * <p>The hash is a polynomial over the bytes modulo 2^61 - 1 at a random base, so that no file can be made whose names
 * all collide: two names of n bytes do with a chance of n / 2^61.
 */
final class NameTable {

    private static final long PRIME = (1L << 61) - 1;
    private static final RandomGenerator RANDOM = new SplittableRandom();

    private final HeaderBytes header;
    private final long base = RANDOM.nextLong(1L << 32, PRIME);
    private int[] starts = new int[16], hashes = new int[16];
    /** Open addressing: index of a name plus one, 0 where free; a power of two, at most half full. */
    private int[] slots = new int[32];
    private int count;

    NameTable(HeaderBytes header) { this.header = header; }

    int count() { return count; }

    /** {@return where a name begins, after its quote} */
    int start(int index) { return starts[index]; }

    /**
     * Reads the string that begins at {@code start} and adds it.
     *
     * @return where its closing quote is, or minus that position less one if the name is there already
     */
    int add(int start) {
        HeaderBytes.Text text = header.text(start);
        long hash = 1;
        int next;
        while ((next = text.next()) >= 0) hash = mix(hash, next);
        if (count == starts.length) grow();
        int folded = fold(hash), slot = folded & slots.length - 1;
        for (; slots[slot] != 0; slot = slot + 1 & slots.length - 1) {
            int other = slots[slot] - 1;
            if (hashes[other] == folded && header.equal(starts[other], start)) return -text.end() - 1;
        }
        slots[slot] = count + 1;
        starts[count] = start;
        hashes[count++] = folded;
        return text.end();
    }

    /** {@return the index of a name, or -1} */
    int find(String name) {
        byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
        long hash = 1;
        for (byte each : utf8) hash = mix(hash, each & 0xff);
        int folded = fold(hash);
        for (int slot = folded & slots.length - 1; slots[slot] != 0; slot = slot + 1 & slots.length - 1) {
            int index = slots[slot] - 1;
            if (hashes[index] == folded && header.equal(starts[index], utf8)) return index;
        }
        return -1;
    }

    private void grow() {
        starts = Arrays.copyOf(starts, 2 * count);
        hashes = Arrays.copyOf(hashes, 2 * count);
        slots = null; // the old one need not stay while the new one is made
        slots = new int[4 * count];
        for (int i = 0; i < count; i++) {
            int slot = hashes[i] & slots.length - 1;
            while (slots[slot] != 0) slot = slot + 1 & slots.length - 1;
            slots[slot] = i + 1;
        }
    }

    /** {@code hash · base + next + 1} modulo 2^61 - 1; the 1 tells a name from one with zero bytes in front. */
    private long mix(long hash, int next) {
        long high = Math.multiplyHigh(hash, base), low = hash * base;
        long sum = (low & PRIME) + (high << 3 | low >>> 61) + next + 1;
        sum = (sum & PRIME) + (sum >>> 61);
        return sum >= PRIME ? sum - PRIME : sum;
    }

    private static int fold(long hash) { return (int) (hash ^ hash >>> 32); }
}
