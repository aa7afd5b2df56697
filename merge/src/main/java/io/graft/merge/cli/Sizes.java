package io.graft.merge.cli;

import io.graft.engine.RequestException;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;

/** Reads sizes: mergekit's {@code 500M}, {@code 5B} (powers of 1000), and {@code 128MB}, {@code 1GB}, {@code 64MiB}. */
final class Sizes implements ITypeConverter<Long> {

    private static final Pattern SIZE = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([kmgtb]?)(i?)b?", Pattern.CASE_INSENSITIVE);

    @Override
    public Long convert(String text) {
        Matcher size = SIZE.matcher(text.trim());
        if (!size.matches()) throw new RequestException("a size", "cannot be read", "such as 5B, 500MB or 64MiB", "'" + text + "'");
        int power = switch (size.group(2).toLowerCase(Locale.ROOT)) {
            case "k" -> 1;
            case "m" -> 2;
            case "g" -> 3;
            case "t" -> 4;
            // mergekit's B is a billion; "10b" without more is ten of them, as it is there.
            case "b" -> 3;
            default -> 0;
        };
        BigDecimal unit = BigDecimal.valueOf(size.group(3).isEmpty() ? 1000 : 1024).pow(power);
        BigDecimal bytes = new BigDecimal(size.group(1)).multiply(unit);
        if (bytes.compareTo(BigDecimal.ONE) < 0 || bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) throw new RequestException("a size", "out of range", "1 byte or more", "'" + text + "'");
        return bytes.longValue();
    }
}
