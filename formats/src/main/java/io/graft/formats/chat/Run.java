package io.graft.formats.chat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** One rendering: the names in reach, the text so far, and how much work is left before it is refused. */
final class Run {

    /** More than any conversation's text. */
    static final long MOST_TEXT = 1 << 24;
    private static final long MOST_STEPS = 50_000_000;
    private static final int MOST_CALLS = 100;

    /** Names of one level; what is not there is looked up further out. */
    static final class Scope {

        private final Scope outer;
        private final Map<String, Object> names = new HashMap<>();

        Scope(Scope outer) { this.outer = outer; }

        void set(String name, Object value) { names.put(name, value); }

        Object get(String name) {
            for (Scope each = this; each != null; each = each.outer)
                if (each.names.containsKey(name)) return each.names.get(name);
            return Values.UNDEFINED;
        }
    }

    Scope scope;
    StringBuilder out = new StringBuilder();
    final List<Rendered.Range> assistant = new ArrayList<>();
    private long steps;
    private int calls;
    /** Above 0 while text goes into a variable or a macro's result, where no range of the whole text can be known. */
    private int captured;

    Run(Map<String, Object> globals) {
        scope = new Scope(null);
        scope.names.putAll(globals);
    }

    void print(String text) {
        if (out.length() + (long) text.length() > MOST_TEXT) throw new Values.Refusal("a text of over " + MOST_TEXT + " characters");
        out.append(text);
    }

    /** Counts one step of work. */
    void step() {
        if (++steps > MOST_STEPS) throw new Values.Refusal("over " + MOST_STEPS + " steps of work");
    }

    /** Runs with a new level of names. */
    Flow within(Scope outer, Supplier<Flow> body) {
        Scope before = scope;
        scope = new Scope(outer);
        try {
            return body.get();
        } finally {
            scope = before;
        }
    }

    /** {@return what a body prints, as a text} */
    String capture(Runnable body) {
        if (++calls > MOST_CALLS) throw new Values.Refusal("macros that call each other over " + MOST_CALLS + " deep");
        StringBuilder before = out;
        out = new StringBuilder();
        captured++;
        try {
            body.run();
            return out.toString();
        } finally {
            out = before;
            captured--;
            calls--;
        }
    }

    /** Notes what a body prints as the assistant's. */
    Flow generation(Supplier<Flow> body) {
        if (captured > 0) throw new Values.Refusal("generation inside a macro or a set block");
        int start = out.length();
        Flow flow = body.get();
        if (out.length() > start) {
            int from = out.codePointCount(0, start);
            assistant.add(new Rendered.Range(from, from + out.codePointCount(start, out.length())));
        }
        return flow;
    }

    /** How a statement ends. */
    enum Flow { ON, BREAK, CONTINUE }
}
