package io.graft.formats.files;

import io.graft.engine.RequestException;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.Map;

/** Sizes in bytes as the command line reads them. */
public final class ByteSize {

    /** K, M, B are mergekit's thousand, million, billion: its 5B is what others write 5GB. */
    private static final Map<String, Long> UNITS = Map.ofEntries(Map.entry("", 1L), Map.entry("k", 1_000L), Map.entry("m", 1_000_000L), Map.entry("b", 1_000_000_000L),
            Map.entry("g", 1_000_000_000L), Map.entry("t", 1_000_000_000_000L), Map.entry("kb", 1_000L), Map.entry("mb", 1_000_000L), Map.entry("gb", 1_000_000_000L),
            Map.entry("tb", 1_000_000_000_000L), Map.entry("kib", 1L << 10), Map.entry("mib", 1L << 20), Map.entry("gib", 1L << 30), Map.entry("tib", 1L << 40));

    private ByteSize() {}

    /**
     * Reads a size.
     *
     * @param text such as {@code 5B} (five billion), {@code 500M}, {@code 5GB}, {@code 1.5 GiB}, {@code 4096}; any case
     * @return bytes, 1 or more
     * @throws RequestException if it is no size, under one byte, or over 63 bits
     */
    public static long parse(String text) {
        String plain = text.strip().toLowerCase(Locale.ROOT);
        int digits = 0;
        while (digits < plain.length() && (plain.charAt(digits) >= '0' && plain.charAt(digits) <= '9' || plain.charAt(digits) == '.')) digits++;
        Long unit = UNITS.get(plain.substring(digits).strip());
        try {
            if (unit == null) throw new NumberFormatException();
            long bytes = new BigDecimal(plain.substring(0, digits)).multiply(BigDecimal.valueOf(unit)).toBigInteger().longValueExact();
            if (bytes > 0) return bytes;
        } catch (ArithmeticException | NumberFormatException invalid) {
            // told below
        }
        throw new RequestException(null, "not a size", "a positive number with K, M, B (10^9), GB, GiB or none, such as 5B", "\"" + text + "\"");
    }
}
