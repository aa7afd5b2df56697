package io.graft.merge.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;

/**
 * A table of results in one piece, out of which the same numbers are printed for people, as JSON, as CSV and on a page.
 *
 * @param key     its name in JSON and CSV
 * @param title   what it shows, for people
 * @param columns in order
 * @param rows    a value for each column: a text, a whole number, a double (NaN where it is not defined), or null
 */
record Sheet(String key, String title, List<Column> columns, List<Object[]> rows) {

    /** How numbers of a column are shown to people. */
    enum Kind { TEXT, NUMBER, PERCENT, COUNT }

    /**
     * A column.
     *
     * @param key  in JSON and CSV
     * @param head for people
     * @param kind how it is shown
     */
    record Column(String key, String head, Kind kind) {}

    static Column text(String key, String head) { return new Column(key, head, Kind.TEXT); }

    static Column number(String key, String head) { return new Column(key, head, Kind.NUMBER); }

    static Column percent(String key, String head) { return new Column(key, head, Kind.PERCENT); }

    static Column count(String key, String head) { return new Column(key, head, Kind.COUNT); }

    Sheet(String key, String title, Column... columns) { this(key, title, List.of(columns), new ArrayList<>()); }

    void add(Object... values) { rows.add(values); }

    /** A cell as a person reads it. */
    String shown(int row, int column) {
        Object value = rows.get(row)[column];
        return switch (value) {
            case null -> "";
            case Double number when columns.get(column).kind() == Kind.PERCENT -> Text.percent(number);
            case Double number -> Text.number(number);
            case Long number when columns.get(column).kind() == Kind.COUNT -> Text.count(number);
            case Number number -> number.toString();
            default -> Text.oneLine(value.toString(), 60);
        };
    }

    /** {@return whether a column names models or files} */
    boolean isName(int column) { return java.util.Set.of("expert", "a", "b", "data").contains(columns.get(column).key()); }

    boolean isNumeric(int column) { return columns.get(column).kind() != Kind.TEXT; }

    /** Prints the rows, or the first of them. */
    void print(java.io.PrintStream to, int most) {
        to.println(title);
        Table table = new Table(java.util.stream.IntStream.range(0, columns.size()).mapToObj(i -> (isNumeric(i) ? ">" : "") + columns.get(i).head()).toArray(String[]::new));
        for (int row = 0; row < Math.min(most, rows.size()); row++) {
            int at = row;
            table.row(java.util.stream.IntStream.range(0, columns.size()).mapToObj(i -> shown(at, i)).toArray(String[]::new));
        }
        table.print(to, 2);
        if (rows.size() > most) to.println("  (" + (rows.size() - most) + " more: --json, --csv or --html)");
        to.println();
    }

    JsonArray json() {
        JsonArray all = new JsonArray();
        for (Object[] row : rows) {
            JsonObject each = new JsonObject();
            for (int i = 0; i < row.length; i++) each.add(columns.get(i).key(), switch (row[i]) {
                case null -> JsonNull.INSTANCE;
                case Double number -> Double.isFinite(number) ? new JsonPrimitive(number) : JsonNull.INSTANCE;
                case Number number -> new JsonPrimitive(number);
                default -> new JsonPrimitive(row[i].toString());
            });
            all.add(each);
        }
        return all;
    }

    /** Lines {@code table,row,column,value} after RFC 4180, so that tables of any columns stand in one file. */
    void csv(StringBuilder to) {
        for (int row = 0; row < rows.size(); row++)
            for (int i = 0; i < columns.size(); i++) {
                Object value = rows.get(row)[i];
                String text = value == null || value instanceof Double number && !Double.isFinite(number) ? "" : value.toString();
                to.append(key).append(',').append(row).append(',').append(columns.get(i).key()).append(',').append(quoted(text)).append("\r\n");
            }
    }

    private static String quoted(String text) { return text.matches("[^,\"\r\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"'; }
}
