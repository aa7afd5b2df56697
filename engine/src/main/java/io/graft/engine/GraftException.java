package io.graft.engine;

/**
 * An error that a person can act upon: where it is, what is wrong, what was expected and what was found.
 *
 * <p>Reads {@code WHERE: WHAT; expected X, found Y}. The command line prints that after {@code graft: error:} and the
 * {@linkplain #hint hint} on a line of its own. Which subclass it is decides the exit status.
 */
public abstract sealed class GraftException extends RuntimeException permits RequestException, RunException {

    private static final long serialVersionUID = 1;

    private final String hint;

    GraftException(String message, String hint, Throwable cause) {
        super(message, cause);
        this.hint = hint;
    }

    /** {@return what to try next, or null where we know nothing} */
    public final String hint() { return hint; }

    static String message(String where, String what, Object expected, Object found) {
        StringBuilder text = new StringBuilder();
        if (where != null && !where.isEmpty()) text.append(where).append(": ");
        text.append(what);
        if (expected != null) text.append("; expected ").append(expected);
        if (found != null) text.append(expected == null ? "; found " : ", found ").append(found);
        return text.toString();
    }
}
