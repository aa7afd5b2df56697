package io.graft.formats.chat;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Values as text: {@code str} and {@code repr} of Python, and its {@code json.dumps} with {@code ensure_ascii=False}. */
final class PythonText {

    private PythonText() {}

    /** What {@code {{ value }}} prints. */
    static String of(Object value) { return value instanceof String text ? text : repr(value); }

    private static String repr(Object value) {
        return switch (value) {
            case null -> "None";
            case Boolean truth -> truth ? "True" : "False";
            case Double number -> decimal(number, "inf", "nan");
            case String text -> quoted(text);
            case List<?> list -> list.stream().map(PythonText::repr).collect(Collectors.joining(", ", "[", "]"));
            case Map<?, ?> map -> map.entrySet().stream().map(entry -> repr(entry.getKey()) + ": " + repr(entry.getValue())).collect(Collectors.joining(", ", "{", "}"));
            case Values.Space _ -> "<Namespace>";
            case Values.Callable _ -> "<function>";
            default -> value.toString();
        };
    }

    private static String quoted(String text) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        StringBuilder out = new StringBuilder().append(quote);
        text.codePoints().forEach(c -> {
            if (c == quote || c == '\\') out.append('\\').appendCodePoint(c);
            else if (c == '\n') out.append("\\n");
            else if (c == '\t') out.append("\\t");
            else if (c == '\r') out.append("\\r");
            else if (c < 0x20 || c == 0x7F) out.append(String.format("\\x%02x", c));
            else out.appendCodePoint(c);
        });
        return out.append(quote).toString();
    }

    /** The shortest digits that read back, in plain form from 1e-4 up to 1e16. */
    private static String decimal(double number, String infinite, String none) {
        if (Double.isNaN(number)) return none;
        if (Double.isInfinite(number)) return (number < 0 ? "-" : "") + infinite;
        if (number == 0) return 1 / number < 0 ? "-0.0" : "0.0";
        BigDecimal exact = new BigDecimal(Double.toString(number)).stripTrailingZeros();
        int exponent = exact.precision() - exact.scale() - 1;
        if (exponent >= -4 && exponent < 16) return exact.scale() <= 0 ? exact.toBigInteger() + ".0" : exact.toPlainString();
        String digits = exact.unscaledValue().abs().toString();
        return (number < 0 ? "-" : "") + digits.charAt(0) + (digits.length() > 1 ? "." + digits.substring(1) : "") + String.format("e%s%02d", exponent < 0 ? "-" : "+", Math.abs(exponent));
    }

    /**
     * JSON as Transformers' {@code tojson} writes it.
     *
     * @param value  the value
     * @param indent blanks a level, or null for one line
     */
    static String json(Object value, Long indent) {
        StringBuilder out = new StringBuilder();
        json(value, indent, 0, out);
        return out.toString();
    }

    private static void json(Object value, Long indent, int depth, StringBuilder out) {
        switch (value) {
            case null -> out.append("null");
            case Boolean truth -> out.append(truth);
            case Long number -> out.append(number);
            case Double number -> out.append(decimal(number, "Infinity", "NaN"));
            case String text -> jsonString(text, out);
            case List<?> list -> {
                out.append('[');
                for (int i = 0; i < list.size(); i++) {
                    separate(i, indent, depth + 1, out);
                    json(list.get(i), indent, depth + 1, out);
                }
                close(list.isEmpty(), indent, depth, ']', out);
            }
            case Map<?, ?> map -> {
                out.append('{');
                int i = 0;
                for (var entry : map.entrySet()) {
                    separate(i++, indent, depth + 1, out);
                    jsonString(of(entry.getKey()), out);
                    out.append(": ");
                    json(entry.getValue(), indent, depth + 1, out);
                }
                close(map.isEmpty(), indent, depth, '}', out);
            }
            default -> throw new Values.Refusal(Values.kind(value) + " has no JSON");
        }
    }

    private static void separate(int i, Long indent, int depth, StringBuilder out) {
        if (indent == null) out.append(i == 0 ? "" : ", ");
        else out.append(i == 0 ? "\n" : ",\n").repeat(" ", (int) (indent * depth));
    }

    private static void close(boolean empty, Long indent, int depth, char bracket, StringBuilder out) {
        if (indent != null && !empty) out.append('\n').repeat(" ", (int) (indent * depth));
        out.append(bracket);
    }

    private static void jsonString(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"', '\\' -> out.append('\\').append(c);
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < 0x20) out.append(String.format("\\u%04x", (int) c));
                    else out.append(c);
                }
            }
        }
        out.append('"');
    }
}
