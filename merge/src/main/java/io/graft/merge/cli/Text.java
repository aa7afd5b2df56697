package io.graft.merge.cli;

import java.util.Locale;

/** Words and numbers as a person reads them. The same on every machine: no locale decides a digit. */
final class Text {

    private Text() {}

    /**
     * Text that keeps to its line: names come from files, and a file may hold newlines or a terminal's control codes.
     *
     * @param text    any text
     * @param longest how many characters to show at most; what is longer loses its middle
     * @return the text with control characters written out as {@code \}{@code u001b}
     */
    static String oneLine(String text, int longest) {
        if (text == null) return "nothing known";
        String shown = text.length() <= longest ? text : text.substring(0, longest / 2) + " ... " + text.substring(text.length() - longest / 2);
        StringBuilder line = new StringBuilder(shown.length());
        for (int i = 0; i < shown.length(); i++) {
            char c = shown.charAt(i);
            boolean hidden = Character.isISOControl(c) || Character.getType(c) == Character.FORMAT || c == '\u2028' || c == '\u2029';
            if (hidden) line.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            else line.append(c);
        }
        return line.toString();
    }

    /**
     * A size as disks and networks count it.
     *
     * @param bytes 0 or more
     * @return such as {@code 1.74 MB}: three digits, powers of 1000
     */
    static String bytes(long bytes) {
        if (bytes < 1000) return bytes + " B";
        return threeDigits(bytes, new String[] {"kB", "MB", "GB", "TB", "PB", "EB"});
    }

    /**
     * A count as model cards write it.
     *
     * @param count 0 or more
     * @return such as {@code 433 k} or {@code 1.10 B}
     */
    static String count(long count) {
        if (count < 1000) return Long.toString(count);
        return threeDigits(count, new String[] {"k", "M", "B", "T", "P", "E"});
    }

    private static String threeDigits(long number, String[] units) {
        double scaled = number / 1000.0;
        int unit = 0;
        while (scaled >= 999.5 && unit + 1 < units.length) {
            scaled /= 1000;
            unit++;
        }
        String format = scaled < 9.995 ? "%.2f" : scaled < 99.95 ? "%.1f" : "%.0f";
        return String.format(Locale.ROOT, format, scaled) + " " + units[unit];
    }

    /**
     * A duration.
     *
     * @param seconds 0 or more
     * @return such as {@code 4.2 s}, {@code 1:05 min} or {@code 2:10:00 h}
     */
    static String seconds(double seconds) {
        if (seconds < 59.95) return String.format(Locale.ROOT, "%.1f s", seconds);
        long whole = Math.round(seconds);
        if (whole < 3600) return String.format(Locale.ROOT, "%d:%02d min", whole / 60, whole % 60);
        return String.format(Locale.ROOT, "%d:%02d:%02d h", whole / 3600, whole / 60 % 60, whole % 60);
    }

    /**
     * A part of a whole.
     *
     * @param ratio such as 0.0312
     * @return such as {@code 3.12 %}; small ones keep three digits
     */
    static String percent(double ratio) {
        if (Double.isNaN(ratio) || Double.isInfinite(ratio)) return "-";
        double shown = ratio * 100;
        double size = Math.abs(shown);
        if (size == 0 || size == 100) return String.format(Locale.ROOT, "%.0f %%", shown);
        if (size >= 99.95 && size < 100) return (shown < 0 ? "-" : "") + ">99.9 %";
        if (size < 0.001) return String.format(Locale.ROOT, "%.1e %%", shown);
        return String.format(Locale.ROOT, size < 0.1 ? "%.4f %%" : size < 10 ? "%.2f %%" : "%.1f %%", shown);
    }

    /**
     * A number of any size in a column.
     *
     * @param value any
     * @return four significant digits; {@code -} where it is not a number
     */
    static String number(double value) {
        if (Double.isNaN(value)) return "-";
        if (value == 0) return "0";
        double size = Math.abs(value);
        if (Double.isInfinite(size) || size >= 1e6 || size < 1e-4) return String.format(Locale.ROOT, "%.3e", value);
        int decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : size >= 0.1 ? 4 : size >= 0.01 ? 5 : 6;
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }
}
