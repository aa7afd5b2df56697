package io.graft.formats.chat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The filters and tests of Jinja that chat templates use. */
final class Filters {

    /** Names of filters: what is not here is refused when the template is read. */
    static final Set<String> KNOWN = Set.of("trim", "tojson", "selectattr", "rejectattr", "select", "reject", "map", "join", "length", "count", "string", "list", "first", "last", "upper",
            "lower", "capitalize", "title", "replace", "default", "d", "items", "int", "float", "abs", "reverse", "sort", "unique", "indent", "safe", "dictsort", "sum", "min", "max");
    /** Names of tests. */
    static final Set<String> TESTS = Set.of("defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "true", "false", "mapping", "iterable", "sequence", "callable",
            "equalto", "eq", "==", "ne", "!=", "lt", "gt", "le", "ge", "in", "odd", "even", "divisibleby", "sameas", "upper", "lower");

    private Filters() {}

    static Object apply(String name, Object value, List<Object> arguments, Map<String, Object> named) {
        return switch (name) {
            case "trim" -> Methods.strip(PythonText.of(value), argument(arguments, 0, null), true, true);
            case "tojson" -> {
                Object indent = named.getOrDefault("indent", argument(arguments, 0, null));
                yield PythonText.json(value, indent == null ? null : (Long) Math.clamp(Values.whole(indent), 0L, 16L));
            }
            case "length", "count" -> Values.length(value);
            case "string", "safe" -> PythonText.of(value);
            case "list" -> new ArrayList<Object>(Values.items(value));
            case "first" -> Values.items(value).isEmpty() ? Values.UNDEFINED : Values.items(value).getFirst();
            case "last" -> Values.items(value).isEmpty() ? Values.UNDEFINED : Values.items(value).getLast();
            case "upper", "lower", "capitalize", "title" -> Methods.call(PythonText.of(value), name, List.of(), Map.of());
            case "replace" -> Methods.call(PythonText.of(value), "replace", arguments, named);
            case "default", "d" -> {
                boolean falsy = Values.truth(named.getOrDefault("boolean", argument(arguments, 1, false)));
                yield value == Values.UNDEFINED || falsy && !Values.truth(value) ? named.getOrDefault("default_value", argument(arguments, 0, "")) : value;
            }
            case "items" -> value == Values.UNDEFINED ? List.of() : Methods.call(value, "items", List.of(), Map.of());
            case "int" -> whole(value, argument(arguments, 0, 0L));
            case "float" -> real(value, argument(arguments, 0, 0.0));
            case "abs" -> value instanceof Double number ? (Object) Math.abs(number) : (Object) Math.abs(Values.whole(value));
            case "reverse" -> value instanceof String text ? new StringBuilder(text).reverse().toString() : (Object) Values.items(value).reversed();
            case "sort" -> sorted(value, named);
            case "unique" -> unique(value);
            case "dictsort" -> sorted(Methods.call(value, "items", List.of(), Map.of()), Map.of("attribute", 0L));
            case "sum" -> sum(value);
            case "min" -> Values.items(value).isEmpty() ? Values.UNDEFINED : sorted(value, Map.of()).getFirst();
            case "max" -> Values.items(value).isEmpty() ? Values.UNDEFINED : sorted(value, Map.of()).getLast();
            case "join" -> join(value, PythonText.of(named.getOrDefault("d", argument(arguments, 0, ""))), named.get("attribute"));
            case "map" -> map(value, arguments, named);
            case "select", "reject", "selectattr", "rejectattr" -> select(name, value, arguments);
            case "indent" -> indent(PythonText.of(value), (int) Math.clamp(Values.whole(named.getOrDefault("width", argument(arguments, 0, 4L))), 0L, 64L), Values.truth(named.getOrDefault("first", argument(arguments, 1, false))));
            default -> throw new Values.Refusal("unknown filter " + name);
        };
    }

    private static Object argument(List<Object> arguments, int i, Object otherwise) { return i < arguments.size() ? arguments.get(i) : otherwise; }

    private static Object whole(Object value, Object otherwise) {
        if (value instanceof Double number) return number.longValue();
        try {
            return value instanceof String text ? (Object) Long.valueOf(text.strip()) : (Object) Values.whole(value);
        } catch (NumberFormatException | Values.Refusal none) {
            return otherwise;
        }
    }

    private static Object real(Object value, Object otherwise) {
        try {
            return value instanceof Number number ? (Object) number.doubleValue() : value instanceof String text ? (Object) Double.valueOf(text.strip()) : otherwise;
        } catch (NumberFormatException none) {
            return otherwise;
        }
    }

    private static Object sum(Object value) {
        Object sum = 0L;
        for (Object each : Values.items(value)) sum = Values.arithmetic("+", sum, each);
        return sum;
    }

    private static List<Object> sorted(Object value, Map<String, Object> named) {
        List<Object> list = new ArrayList<>(Values.items(value));
        Object attribute = named.get("attribute");
        boolean fold = !Values.truth(named.get("case_sensitive"));
        Comparator<Object> order = (a, b) -> Values.compare(key(a, attribute, fold), key(b, attribute, fold));
        list.sort(Values.truth(named.get("reverse")) ? order.reversed() : order);
        return list;
    }

    private static Object key(Object value, Object attribute, boolean fold) {
        Object key = attribute == null ? value : path(value, attribute);
        return fold && key instanceof String text ? text.toLowerCase(Locale.ROOT) : key;
    }

    private static List<Object> unique(Object value) {
        List<Object> seen = new ArrayList<>();
        for (Object each : Values.items(value))
            if (!Values.contains(seen, each)) seen.add(each);
        return seen;
    }

    private static String join(Object value, String separator, Object attribute) {
        StringBuilder text = new StringBuilder();
        boolean first = true;
        for (Object each : Values.items(value)) {
            if (!first) text.append(separator);
            text.append(PythonText.of(attribute == null ? each : path(each, attribute)));
            if (text.length() > Run.MOST_TEXT) throw new Values.Refusal("a text of over " + Run.MOST_TEXT + " characters");
            first = false;
        }
        return text.toString();
    }

    private static Object map(Object value, List<Object> arguments, Map<String, Object> named) {
        List<Object> out = new ArrayList<>();
        Object attribute = named.get("attribute");
        if (attribute == null && (arguments.isEmpty() || !(arguments.getFirst() instanceof String name && KNOWN.contains(name)))) throw new Values.Refusal("map needs a filter that is known, or an attribute");
        for (Object each : Values.items(value)) {
            if (attribute == null) {
                out.add(apply((String) arguments.getFirst(), each, arguments.subList(1, arguments.size()), named));
            } else {
                Object field = path(each, attribute);
                out.add(field == Values.UNDEFINED ? named.getOrDefault("default", field) : field);
            }
        }
        return out;
    }

    private static Object select(String name, Object value, List<Object> arguments) {
        boolean byField = name.endsWith("attr"), keep = name.startsWith("select");
        int next = byField ? 1 : 0;
        if (arguments.size() < next) throw new Values.Refusal(name + " needs the name of an attribute");
        String test = arguments.size() > next ? PythonText.of(arguments.get(next)) : null;
        if (test != null && !TESTS.contains(test)) throw new Values.Refusal("unknown test " + test);
        List<Object> rest = arguments.size() > next + 1 ? arguments.subList(next + 1, arguments.size()) : List.of();
        List<Object> out = new ArrayList<>();
        for (Object each : Values.items(value)) {
            Object tested = byField ? path(each, arguments.getFirst()) : each;
            if ((test == null ? Values.truth(tested) : test(test, tested, rest)) == keep) out.add(each);
        }
        return out;
    }

    /** A field of a field: {@code function.name}. */
    private static Object path(Object value, Object attribute) {
        if (!(attribute instanceof String names)) return Values.item(value, attribute);
        for (String name : names.split("\\.")) value = Values.item(value, name.matches("[0-9]{1,9}") ? (Object) Long.valueOf(name) : name);
        return value;
    }

    private static String indent(String text, int width, boolean first) {
        String blanks = " ".repeat(width);
        StringBuilder out = new StringBuilder();
        String[] lines = text.split("\n", -1);
        for (int i = 0; i < lines.length; i++) out.append(i == 0 ? "" : "\n").append((i > 0 || first) && !lines[i].isEmpty() ? blanks : "").append(lines[i]);
        return out.toString();
    }

    static boolean test(String name, Object value, List<Object> arguments) {
        return switch (name) {
            case "defined" -> value != Values.UNDEFINED;
            case "undefined" -> value == Values.UNDEFINED;
            case "none" -> value == null;
            case "string" -> value instanceof String;
            case "number" -> value instanceof Number || value instanceof Boolean;
            case "integer" -> value instanceof Long;
            case "float" -> value instanceof Double;
            case "boolean" -> value instanceof Boolean;
            case "true" -> Boolean.TRUE.equals(value);
            case "false" -> Boolean.FALSE.equals(value);
            case "mapping" -> value instanceof Map;
            case "iterable", "sequence" -> value instanceof List || value instanceof Map || value instanceof String || value == Values.UNDEFINED;
            case "callable" -> value instanceof Values.Callable;
            case "equalto", "eq", "==", "sameas" -> Values.equal(value, other(name, arguments));
            case "ne", "!=" -> !Values.equal(value, other(name, arguments));
            case "lt" -> Values.compare(value, other(name, arguments)) < 0;
            case "gt" -> Values.compare(value, other(name, arguments)) > 0;
            case "le" -> Values.compare(value, other(name, arguments)) <= 0;
            case "ge" -> Values.compare(value, other(name, arguments)) >= 0;
            case "in" -> Values.contains(other(name, arguments), value);
            case "odd" -> Math.floorMod(Values.whole(value), 2L) == 1;
            case "even" -> Math.floorMod(Values.whole(value), 2L) == 0;
            case "divisibleby" -> Values.equal(Values.arithmetic("%", value, other(name, arguments)), 0L);
            case "upper" -> value instanceof String text && text.equals(text.toUpperCase(Locale.ROOT));
            case "lower" -> value instanceof String text && text.equals(text.toLowerCase(Locale.ROOT));
            default -> throw new Values.Refusal("unknown test " + name);
        };
    }

    private static Object other(String name, List<Object> arguments) {
        if (arguments.isEmpty()) throw new Values.Refusal("the test " + name + " needs a value");
        return arguments.getFirst();
    }
}
