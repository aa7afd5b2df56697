package io.graft.engine.generate;

import java.util.List;

/** Ends a text before the first of some strings. Text that may yet become one of them is held back, so that it is never shown. */
final class StopStrings {

    private final List<String> stops;
    private final StringBuilder held = new StringBuilder();
    private boolean stopped;

    StopStrings(List<String> stops) { this.stops = stops; }

    /** {@return the part of all text so far that can be shown now and has not been} */
    String push(String piece) {
        held.append(piece);
        int end = -1;
        for (String stop : stops) {
            int at = held.indexOf(stop);
            if (at >= 0 && (end < 0 || at < end)) end = at;
        }
        if (end >= 0) {
            stopped = true;
            return held.substring(0, end);
        }
        int safe = held.length() - longestBeginning();
        String shown = held.substring(0, safe);
        held.delete(0, safe);
        return shown;
    }

    /** {@return what was held back, when no more text comes; nothing once stopped} */
    String finish() {
        String rest = stopped ? "" : held.toString();
        held.setLength(0);
        return rest;
    }

    boolean stopped() { return stopped; }

    /** The length of the longest end of the text that begins a stop string. */
    private int longestBeginning() {
        int longest = 0;
        for (String stop : stops)
            for (int length = Math.min(stop.length() - 1, held.length()); length > longest; length--)
                if (stop.startsWith(held.substring(held.length() - length))) longest = length;
        return longest;
    }
}
