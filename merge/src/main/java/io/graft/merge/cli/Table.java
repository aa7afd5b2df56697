package io.graft.merge.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** A table for people: columns as wide as they must be, numbers to the right, nothing after the last cell. */
final class Table {

    private final String[] heads;
    private final boolean[] right;
    private final List<String[]> rows = new ArrayList<>();

    /**
     * A table without rows.
     *
     * @param heads the columns' names; one that begins with {@code >} is set to the right
     */
    Table(String... heads) {
        this.heads = new String[heads.length];
        this.right = new boolean[heads.length];
        for (int i = 0; i < heads.length; i++) {
            right[i] = heads[i].startsWith(">");
            this.heads[i] = right[i] ? heads[i].substring(1) : heads[i];
        }
    }

    /**
     * Adds a row.
     *
     * @param cells one a column
     */
    void row(String... cells) {
        if (cells.length != heads.length) throw new IllegalArgumentException(cells.length + " cells for " + heads.length + " columns");
        rows.add(cells);
    }

    /**
     * Prints it.
     *
     * @param to     where
     * @param indent blanks before each line
     */
    void print(PrintStream to, int indent) {
        int[] width = new int[heads.length];
        for (int i = 0; i < heads.length; i++) {
            width[i] = length(heads[i]);
            for (String[] row : rows) width[i] = Math.max(width[i], length(row[i]));
        }
        to.println(line(heads, width, indent));
        for (String[] row : rows) to.println(line(row, width, indent));
    }

    private String line(String[] cells, int[] width, int indent) {
        StringBuilder line = new StringBuilder(" ".repeat(indent));
        for (int i = 0; i < cells.length; i++) {
            String pad = " ".repeat(width[i] - length(cells[i]));
            if (i > 0) line.append("  ");
            if (right[i]) line.append(pad).append(cells[i]);
            else line.append(cells[i]).append(i + 1 < cells.length ? pad : "");
        }
        return line.toString().stripTrailing();
    }

    private static int length(String cell) { return cell.codePointCount(0, cell.length()); }
}
