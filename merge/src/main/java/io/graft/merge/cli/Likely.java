package io.graft.merge.cli;

import java.util.Collection;

/** Which name somebody meant. */
final class Likely {

    private Likely() {}

    /**
     * The nearest name by insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
     *
     * @param typed what was typed
     * @param names what there is
     * @return the nearest; null where even that differs in over a third of the letters
     */
    static String of(String typed, Collection<String> names) {
        String best = null;
        int least = Math.max(1, typed.replace("-", "").length() / 3) + 1;
        for (String name : names) {
            int distance = distance(typed, name);
            if (distance < least) {
                least = distance;
                best = name;
            }
        }
        return best;
    }

    private static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int same = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                d[i][j] = Math.min(Math.min(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + same);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
            }
        }
        return d[a.length()][b.length()];
    }
}
