package io.graft.formats.chat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The values of a template, as Python has them: null (None), {@link #UNDEFINED}, Boolean, Long, Double, String (indexed by
 * code points), List, Map, {@link Callable}. None is changed once made, but for the fields of a {@link Space}.
 */
final class Values {

    /** What a name without a value stands for: false, empty, prints nothing. */
    static final Object UNDEFINED = new Object() {
        @Override
        public String toString() { return ""; }
    };

    /** A function: a macro, a method, {@code range}. */
    interface Callable {
        Object call(List<Object> arguments, Map<String, Object> named);
    }

    /** A {@code namespace}: the one thing with fields that can be set. */
    record Space(Map<String, Object> fields) {}

    /** A request that Python would refuse: the caller knows the line. */
    static final class Refusal extends RuntimeException {

        private static final long serialVersionUID = 1;

        Refusal(String message) { super(message); }
    }

    private Values() {}

    static Object of(JsonElement element) {
        return switch (element) {
            case JsonObject object -> {
                Map<String, Object> map = new LinkedHashMap<>();
                for (var entry : object.entrySet()) map.put(entry.getKey(), of(entry.getValue()));
                yield map;
            }
            case JsonArray array -> {
                List<Object> list = new ArrayList<>(array.size());
                for (JsonElement each : array) list.add(of(each));
                yield list;
            }
            case JsonPrimitive value when value.isBoolean() -> value.getAsBoolean();
            case JsonPrimitive value when value.isString() -> value.getAsString();
            case JsonPrimitive value -> {
                String text = value.getAsString();
                yield text.chars().anyMatch(c -> c == '.' || c == 'e' || c == 'E') ? (Object) Double.valueOf(text) : number(text);
            }
            case null, default -> null;
        };
    }

    static Long number(String text) {
        try {
            return Long.valueOf(text);
        } catch (NumberFormatException large) {
            throw new Refusal("the number " + text + " does not fit 64 bits");
        }
    }

    static boolean truth(Object value) {
        return switch (value) {
            case null -> false;
            case Boolean truth -> truth;
            case Long number -> number != 0;
            case Double number -> number != 0;
            case String text -> !text.isEmpty();
            case List<?> list -> !list.isEmpty();
            case Map<?, ?> map -> !map.isEmpty();
            default -> value != UNDEFINED;
        };
    }

    static boolean equal(Object a, Object b) {
        Object x = number(a), y = number(b);
        if (x instanceof Double || y instanceof Double) return x instanceof Number p && y instanceof Number q && p.doubleValue() == q.doubleValue();
        if (a instanceof List<?> p && b instanceof List<?> q) {
            if (p.size() != q.size()) return false;
            for (int i = 0; i < p.size(); i++)
                if (!equal(p.get(i), q.get(i))) return false;
            return true;
        }
        return x == null ? y == null : x.equals(y);
    }

    /** True is 1 in sums and comparisons. */
    private static Object number(Object value) { return value instanceof Boolean truth ? (Object) (truth ? 1L : 0L) : value; }

    static int compare(Object a, Object b) {
        Object x = number(a), y = number(b);
        if (x instanceof Long p && y instanceof Long q) return p.compareTo(q);
        if (x instanceof Number p && y instanceof Number q) return Double.compare(p.doubleValue(), q.doubleValue());
        if (x instanceof String p && y instanceof String q) return p.compareTo(q);
        throw new Refusal(kind(a) + " and " + kind(b) + " have no order");
    }

    static Object arithmetic(String operator, Object a, Object b) {
        Object x = number(a), y = number(b);
        if (operator.equals("+") && a instanceof String p && b instanceof String q) return p + q;
        if (operator.equals("+") && a instanceof List<?> p && b instanceof List<?> q) {
            List<Object> both = new ArrayList<>(p);
            both.addAll(q);
            return both;
        }
        if (operator.equals("*") && a instanceof String text && y instanceof Long times) {
            if ((long) text.length() * Math.max(0, times) > Run.MOST_TEXT) throw new Refusal("a text of that length is refused");
            return text.repeat((int) Math.max(0, times));
        }
        if (x instanceof Long p && y instanceof Long q && !operator.equals("/")) return whole(operator, p, q);
        if (x instanceof Number p && y instanceof Number q) return real(operator, p.doubleValue(), q.doubleValue());
        throw new Refusal(kind(a) + " " + operator + " " + kind(b) + " has no meaning");
    }

    private static Object whole(String operator, long a, long b) {
        try {
            if (b == 0 && (operator.equals("//") || operator.equals("%"))) throw new Refusal("division by zero");
            return switch (operator) {
                case "+" -> Math.addExact(a, b);
                case "-" -> Math.subtractExact(a, b);
                case "*" -> Math.multiplyExact(a, b);
                case "//" -> Math.floorDivExact(a, b);
                case "%" -> Math.floorMod(a, b);
                default -> b < 0 ? (Object) Math.pow(a, b) : Math.powExact(a, Math.toIntExact(b));
            };
        } catch (ArithmeticException large) {
            throw new Refusal("a number that does not fit 64 bits");
        }
    }

    private static Object real(String operator, double a, double b) {
        if (b == 0 && !"+-*".contains(operator) && !operator.equals("**")) throw new Refusal("division by zero");
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> a / b;
            case "//" -> Math.floor(a / b);
            case "%" -> a - b * Math.floor(a / b);
            default -> Math.pow(a, b);
        };
    }

    static boolean contains(Object container, Object item) {
        if (container instanceof String text) {
            if (item instanceof String part) return text.contains(part);
            throw new Refusal("a string holds strings, not " + kind(item));
        }
        if (container instanceof Map<?, ?> map) return map.containsKey(item);
        for (Object each : items(container))
            if (equal(each, item)) return true;
        return false;
    }

    /** What a loop goes over. */
    static List<?> items(Object value) {
        return switch (value) {
            case List<?> list -> list;
            case Map<?, ?> map -> new ArrayList<>(map.keySet());
            case String text -> text.codePoints().mapToObj(Character::toString).toList();
            case null -> throw new Refusal("None cannot be gone through");
            default -> {
                if (value == UNDEFINED) yield List.of();
                throw new Refusal(kind(value) + " cannot be gone through");
            }
        };
    }

    static long length(Object value) {
        return switch (value) {
            case String text -> text.codePointCount(0, text.length());
            case Map<?, ?> map -> map.size();
            case null, default -> items(value).size();
        };
    }

    static Object item(Object base, Object key) {
        if (base instanceof Map<?, ?> map) return map.containsKey(key) ? map.get(key) : UNDEFINED;
        if (base instanceof Space space) return space.fields.getOrDefault(key, UNDEFINED);
        if (base instanceof Loop loop && key instanceof String name) return loop.field(name);
        if ((base instanceof List || base instanceof String) && key instanceof Long index) {
            long size = length(base), at = index < 0 ? index + size : index;
            if (at < 0 || at >= size) return UNDEFINED;
            return base instanceof List<?> list ? list.get((int) at) : Character.toString(((String) base).codePointAt(((String) base).offsetByCodePoints(0, (int) at)));
        }
        return UNDEFINED;
    }

    static Object slice(Object base, Object from, Object to, Object step) {
        long by = step == null ? 1 : whole(step);
        if (by == 0) throw new Refusal("a slice with step 0");
        int[] points = base instanceof String text ? text.codePoints().toArray() : null;
        List<?> list = points == null ? items(base) : null;
        long size = points == null ? list.size() : points.length;
        long start = from == null ? by > 0 ? 0 : size - 1 : bound(whole(from), size, by), stop = to == null ? by > 0 ? size : -1 : bound(whole(to), size, by);
        List<Object> part = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        for (long i = start; by > 0 ? i < stop : i > stop; i += by) {
            if (points == null) part.add(list.get((int) i));
            else text.appendCodePoint(points[(int) i]);
        }
        return points == null ? part : text.toString();
    }

    private static long bound(long index, long size, long by) {
        long at = index < 0 ? index + size : index;
        return by > 0 ? Math.clamp(at, 0, size) : Math.clamp(at, -1, size - 1);
    }

    static long whole(Object value) {
        if (number(value) instanceof Long number) return number;
        throw new Refusal(kind(value) + " where a whole number should be");
    }

    /** {@code str.isspace} of one character: Unicode's white space and the four separators of ASCII. */
    static boolean isSpace(int c) {
        return c == ' ' || c >= 9 && c <= 13 || c >= 0x1C && c <= 0x1F || c == 0x85 || c == 0xA0 || c == 0x1680 || c >= 0x2000 && c <= 0x200A || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
    }

    static String stripStart(String text) {
        int at = 0;
        while (at < text.length() && isSpace(text.charAt(at))) at++;
        return text.substring(at);
    }

    static String stripEnd(String text) {
        int end = text.length();
        while (end > 0 && isSpace(text.charAt(end - 1))) end--;
        return text.substring(0, end);
    }

    static String kind(Object value) {
        return switch (value) {
            case null -> "None";
            case Boolean _ -> "a truth value";
            case Long _, Double _ -> "a number";
            case String _ -> "a string";
            case List<?> _ -> "a list";
            case Map<?, ?> _ -> "a dict";
            case Callable _ -> "a function";
            case Loop _ -> "a loop";
            default -> value == UNDEFINED ? "an undefined value" : "a namespace";
        };
    }
}
