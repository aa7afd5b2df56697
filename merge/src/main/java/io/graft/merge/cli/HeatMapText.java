package io.graft.merge.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** Draws a {@link HeatMap} in a terminal: numbers upon colours, or beside shades where there is no colour. */
final class HeatMapText {

    /** From dark to bright in xterm's 256 colours, which every terminal of today has; readable on black and on white. */
    private static final int[] RAMP = {234, 236, 53, 89, 125, 161, 202, 208, 214, 220};
    /** For negative cosines. */
    private static final int[] COLD = {234, 236, 17, 18, 19, 26, 32, 39, 45, 51};
    private static final int BRIGHT_FROM = 6;
    private static final String SHADES = " ░▒▓█";
    /** More columns than these do not fit beside each other with their numbers. */
    private static final int WIDE = 14;

    private final PrintStream out;
    private final boolean colour;

    HeatMapText(PrintStream out, boolean colour) {
        this.out = out;
        this.colour = colour;
    }

    void draw(HeatMap map) {
        boolean numbers = map.columns().size() <= WIDE;
        int width = numbers ? 7 : 4;
        out.println(map.title());
        heads(map, width, numbers);
        for (int row = 0; row <= map.layers().size(); row++) {
            boolean margin = row == map.layers().size();
            StringBuilder line = new StringBuilder(pad(margin ? "all" : Integer.toString(map.layers().get(row)), 6)).append(' ');
            for (int column = 0; column <= map.columns().size(); column++) {
                if (column == map.columns().size()) line.append(' ');
                cell(line, map, map.cells()[row][column], width, numbers);
            }
            out.println(line.toString().stripTrailing());
        }
        if (!numbers) for (int column = 0; column < map.columns().size(); column++) out.println("  " + pad(Integer.toString(column + 1), 4) + "  " + Text.oneLine(map.columns().get(column), 120));
        legend(map);
    }

    private void heads(HeatMap map, int width, boolean numbers) {
        List<String[]> heads = new ArrayList<>();
        int lines = 1;
        for (int column = 0; column < map.columns().size(); column++) {
            String[] words = numbers ? Text.oneLine(map.heads().get(column), 60).split("[ .]") : new String[] {Integer.toString(column + 1)};
            heads.add(words);
            lines = Math.max(lines, words.length);
        }
        heads.add(new String[] {"all"});
        for (int line = 0; line < lines; line++) {
            StringBuilder text = new StringBuilder(pad(line == lines - 1 ? "layer" : "", 6)).append(' ');
            for (int column = 0; column < heads.size(); column++) {
                String[] words = heads.get(column);
                int word = line - (lines - words.length);
                if (column == heads.size() - 1) text.append(' ');
                String shown = word < 0 ? "" : words[word];
                text.append(pad(shown.length() < width ? shown : shown.substring(0, width - 1), width - 1)).append(' ');
            }
            out.println(text.toString().stripTrailing());
        }
    }

    private void cell(StringBuilder line, HeatMap map, double value, int width, boolean numbers) {
        String number = numbers ? map.shortText(value) : "";
        if (Double.isNaN(value)) {
            line.append(pad(numbers ? number : "-", width));
        } else if (colour) {
            int step = (int) Math.round(map.depth(value) * (RAMP.length - 1));
            line.append("\u001b[48;5;").append((value < 0 ? COLD : RAMP)[step]).append(";38;5;").append(step >= BRIGHT_FROM ? 16 : 255).append('m');
            line.append(pad(number, width - 1)).append(" \u001b[0m");
        } else {
            char shade = shade(map.depth(value));
            line.append(pad(number + (value < 0 && !numbers ? "-" : "") + shade, width));
        }
    }

    private void legend(HeatMap map) {
        StringBuilder line = new StringBuilder("       ").append(map.signed() ? colour ? "-1 " : "0 " : "0 % ");
        if (colour && map.signed()) for (int step = COLD.length - 1; step > 0; step--) swatch(line, COLD[step]);
        if (colour) for (int step : RAMP) swatch(line, step);
        else for (int i = 1; i < SHADES.length(); i++) line.append(SHADES.charAt(i)).append(SHADES.charAt(i));
        out.println(line.append(' ').append(map.signed() ? colour ? "1" : "1 or -1" : Text.percent(map.top())));
    }

    private static void swatch(StringBuilder line, int colour) { line.append("\u001b[48;5;").append(colour).append("m  \u001b[0m"); }

    private static char shade(double depth) { return SHADES.charAt((int) Math.round(depth * (SHADES.length() - 1))); }

    private static String pad(String text, int width) { return " ".repeat(Math.max(0, width - text.length())) + text; }
}
