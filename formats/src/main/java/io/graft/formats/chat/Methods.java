package io.graft.formats.chat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The methods of Python's strings, dicts and lists that chat templates call. None changes its object. */
final class Methods {

    private static final Set<String> OF_STRINGS = Set.of("strip", "lstrip", "rstrip", "replace", "split", "rsplit", "splitlines", "startswith", "endswith", "upper", "lower", "title", "capitalize",
            "find", "rfind", "count", "join", "isdigit", "isspace", "removeprefix", "removesuffix");
    private static final Set<String> OF_DICTS = Set.of("items", "keys", "values", "get");
    private static final Set<String> OF_LISTS = Set.of("index", "count");

    private Methods() {}

    /** Whether a value has a method of this name. */
    static boolean has(Object value, String name) {
        return (value instanceof String ? OF_STRINGS : value instanceof Map ? OF_DICTS : value instanceof List ? OF_LISTS : Set.of()).contains(name);
    }

    static Object call(Object value, String name, List<Object> arguments, Map<String, Object> named) {
        if (value instanceof String text) return ofString(text, name, arguments, named);
        if (value instanceof Map<?, ?> map) {
            return switch (name) {
                case "items" -> map.entrySet().stream().map(entry -> (Object) Arrays.asList(entry.getKey(), entry.getValue())).toList();
                case "keys" -> new ArrayList<Object>(map.keySet());
                case "values" -> new ArrayList<Object>(map.values());
                case "get" -> map.containsKey(argument(name, arguments, 0)) ? map.get(arguments.getFirst()) : arguments.size() > 1 ? arguments.get(1) : null;
                default -> throw new Values.Refusal("a dict has no method " + name + " here");
            };
        }
        if (value instanceof List<?> list && OF_LISTS.contains(name)) {
            long count = 0;
            for (int i = 0; i < list.size(); i++) {
                if (!Values.equal(list.get(i), argument(name, arguments, 0))) continue;
                if (name.equals("index")) return (long) i;
                count++;
            }
            if (name.equals("count")) return count;
            throw new Values.Refusal("the list does not hold " + PythonText.of(arguments.getFirst()));
        }
        throw new Values.Refusal(Values.kind(value) + " has no method " + name + " here");
    }

    private static Object ofString(String text, String name, List<Object> arguments, Map<String, Object> named) {
        return switch (name) {
            case "strip" -> strip(text, arguments.isEmpty() ? null : arguments.getFirst(), true, true);
            case "lstrip" -> strip(text, arguments.isEmpty() ? null : arguments.getFirst(), true, false);
            case "rstrip" -> strip(text, arguments.isEmpty() ? null : arguments.getFirst(), false, true);
            case "replace" -> replace(text, string(name, arguments, 0), string(name, arguments, 1), arguments.size() > 2 ? Values.whole(arguments.get(2)) : -1);
            case "split" -> split(text, named.getOrDefault("sep", arguments.isEmpty() ? null : arguments.getFirst()), limit(arguments, named), false);
            case "rsplit" -> split(text, named.getOrDefault("sep", arguments.isEmpty() ? null : arguments.getFirst()), limit(arguments, named), true);
            case "splitlines" -> text.isEmpty() ? List.of() : List.of((Object[]) (text.endsWith("\n") ? text.substring(0, text.length() - 1) : text).split("\r\n|\n|\r", -1));
            case "startswith" -> prefixes(name, arguments).stream().anyMatch(each -> text.startsWith(PythonText.of(each)));
            case "endswith" -> prefixes(name, arguments).stream().anyMatch(each -> text.endsWith(PythonText.of(each)));
            case "upper" -> text.toUpperCase(Locale.ROOT);
            case "lower" -> text.toLowerCase(Locale.ROOT);
            case "capitalize" -> text.isEmpty() ? "" : first(text).toUpperCase(Locale.ROOT) + text.substring(first(text).length()).toLowerCase(Locale.ROOT);
            case "title" -> title(text);
            case "find" -> index(text, text.indexOf(string(name, arguments, 0)));
            case "rfind" -> index(text, text.lastIndexOf(string(name, arguments, 0)));
            case "count" -> string(name, arguments, 0).isEmpty() ? Values.length(text) + 1 : matches(text, string(name, arguments, 0));
            case "join" -> Filters.apply("join", argument(name, arguments, 0), List.of(text), Map.of());
            case "isdigit" -> !text.isEmpty() && text.codePoints().allMatch(Character::isDigit);
            case "isspace" -> !text.isEmpty() && text.codePoints().allMatch(Values::isSpace);
            case "removeprefix" -> text.startsWith(string(name, arguments, 0)) ? text.substring(string(name, arguments, 0).length()) : text;
            case "removesuffix" -> text.endsWith(string(name, arguments, 0)) ? text.substring(0, text.length() - string(name, arguments, 0).length()) : text;
            default -> throw new Values.Refusal("a string has no method " + name + " here");
        };
    }

    private static Object argument(String name, List<Object> arguments, int i) {
        if (i < arguments.size()) return arguments.get(i);
        throw new Values.Refusal(name + " needs " + (i + 1) + " values");
    }

    private static String string(String name, List<Object> arguments, int i) {
        if (argument(name, arguments, i) instanceof String text) return text;
        throw new Values.Refusal(name + " needs a string, not " + Values.kind(arguments.get(i)));
    }

    private static List<?> prefixes(String name, List<Object> arguments) {
        return argument(name, arguments, 0) instanceof List<?> list ? list : List.of(string(name, arguments, 0));
    }

    private static String first(String text) { return Character.toString(text.codePointAt(0)); }

    private static long index(String text, int at) { return at < 0 ? -1 : text.codePointCount(0, at); }

    private static long limit(List<Object> arguments, Map<String, Object> named) {
        return Values.whole(named.getOrDefault("maxsplit", arguments.size() > 1 ? arguments.get(1) : (Object) (-1L)));
    }

    /** Takes white space, or any of the letters given, off the ends. */
    static String strip(String text, Object letters, boolean start, boolean end) {
        if (letters == null) return end ? Values.stripEnd(start ? Values.stripStart(text) : text) : Values.stripStart(text);
        int[] points = text.codePoints().toArray();
        String set = PythonText.of(letters);
        int from = 0, to = points.length;
        while (start && from < to && set.indexOf(points[from]) >= 0) from++;
        while (end && to > from && set.indexOf(points[to - 1]) >= 0) to--;
        return new String(points, from, to - from);
    }

    private static String replace(String text, String from, String to, long most) {
        long matches = from.isEmpty() ? text.length() + 1L : matches(text, from);
        if (text.length() + matches * Math.max(0, to.length() - from.length()) > Run.MOST_TEXT) throw new Values.Refusal("a text of over " + Run.MOST_TEXT + " characters");
        return most < 0 ? text.replace(from, to) : String.join(to, pieces(text, from, most));
    }

    private static long matches(String text, String sought) {
        long count = 0;
        for (int at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + sought.length())) count++;
        return count;
    }

    /** The parts between the separators, of which at most so many count (all where below 0). */
    private static List<String> pieces(String text, String separator, long most) {
        if (separator.isEmpty()) throw new Values.Refusal("an empty separator");
        List<String> parts = new ArrayList<>();
        int at = 0;
        for (int next; (most < 0 || parts.size() < most) && (next = text.indexOf(separator, at)) >= 0; at = next + separator.length()) parts.add(text.substring(at, next));
        parts.add(text.substring(at));
        return parts;
    }

    private static List<Object> split(String text, Object separator, long most, boolean fromEnd) {
        if (fromEnd && most >= 0) {
            List<Object> parts = new ArrayList<>();
            String sought = separator == null ? null : PythonText.of(separator);
            if (sought == null || sought.isEmpty()) throw new Values.Refusal("rsplit with a limit needs a separator");
            int end = text.length();
            for (int next; parts.size() < most && (next = text.lastIndexOf(sought, end - sought.length())) >= 0 && end >= sought.length(); end = next) parts.addFirst(text.substring(next + sought.length(), end));
            parts.addFirst(text.substring(0, end));
            return parts;
        }
        if (separator != null) return new ArrayList<>(pieces(text, PythonText.of(separator), most));
        List<Object> words = new ArrayList<>();
        for (int at = 0; at < text.length(); ) {
            int start = at;
            if (Values.isSpace(text.charAt(at))) {
                at++;
                continue;
            }
            if (most >= 0 && words.size() == most) {
                words.add(Values.stripEnd(text.substring(at)));
                break;
            }
            while (at < text.length() && !Values.isSpace(text.charAt(at))) at++;
            words.add(text.substring(start, at));
        }
        return words;
    }

    private static String title(String text) {
        StringBuilder out = new StringBuilder();
        boolean inside = false;
        for (int c : text.codePoints().toArray()) {
            out.appendCodePoint(inside ? Character.toLowerCase(c) : Character.toTitleCase(c));
            inside = Character.isLetter(c);
        }
        return out.toString();
    }
}
