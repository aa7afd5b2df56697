package io.graft.merge.yaml;

import java.util.Arrays;
import java.util.Collection;

/** The known word that a mistyped one was most likely meant to be. */
public final class Suggestion {

    private Suggestion() {}

    /**
     * A hint for an unknown word.
     *
     * @param word  as typed
     * @param known the words there are
     * @return {@code did you mean X?}, else the list of known words
     */
    public static String of(String word, Collection<String> known) {
        String nearest = nearest(word, known);
        return nearest == null ? "known: " + String.join(", ", known) : "did you mean " + nearest + "?";
    }

    /**
     * The nearest of some words.
     *
     * @param word  as typed; dashes before it do not count as letters
     * @param known the words there are
     * @return the nearest; null where even that differs in over a third of the letters
     */
    public static String nearest(String word, Collection<String> known) {
        String best = null;
        int least = Math.max(1, word.replaceFirst("^-+", "").length() / 3) + 1;
        for (String candidate : known) {
            int distance = distance(word.toLowerCase(java.util.Locale.ROOT), candidate);
            if (distance < least) {
                least = distance;
                best = candidate;
            }
        }
        return best;
    }

    /** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
    static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            Arrays.fill(d[i], i);
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0) d[i][j] = j;
                if (i == 0 || j == 0) continue;
                int replace = d[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                d[i][j] = Math.min(replace, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
            }
        }
        return d[a.length()][b.length()];
    }
}
