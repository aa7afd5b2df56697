package io.graft.engine;

/** A run failed: reading or writing, a full disk, data found corrupt late. Exit status 1. */
public non-sealed class RunException extends GraftException {

    private static final long serialVersionUID = 1;

    /**
     * An error in full.
     *
     * @param where    the file, and the tensor in it; may be null
     * @param what     what went wrong
     * @param expected what would have been right; may be null
     * @param found    what was met; may be null
     * @param hint     what to try next; may be null
     * @param cause    the error underneath; may be null
     */
    public RunException(String where, String what, Object expected, Object found, String hint, Throwable cause) {
        super(message(where, what, expected, found), hint, cause);
    }

    /**
     * An error that passes on its cause.
     *
     * @param where the file, and the tensor in it; may be null
     * @param what  what went wrong
     * @param cause the error underneath; may be null
     */
    public RunException(String where, String what, Throwable cause) {
        this(where, what, null, null, null, cause);
    }
}
