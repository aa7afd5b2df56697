package io.graft.engine;

/**
 * The request is wrong: usage, recipe, model, file. All that planning finds is one of these, and nothing has been written.
 * Exit status 2.
 */
public non-sealed class RequestException extends GraftException {

    private static final long serialVersionUID = 1;

    /**
     * An error in full.
     *
     * @param where    the file, and the tensor, key or line in it; may be null
     * @param what     what is wrong
     * @param expected what would have been right; may be null
     * @param found    what stood there; may be null
     * @param hint     what to try next; may be null
     */
    public RequestException(String where, String what, Object expected, Object found, String hint) {
        super(message(where, what, expected, found), hint, null);
    }

    /**
     * An error without a hint.
     *
     * @param where    the file, and the tensor, key or line in it; may be null
     * @param what     what is wrong
     * @param expected what would have been right; may be null
     * @param found    what stood there; may be null
     */
    public RequestException(String where, String what, Object expected, Object found) {
        this(where, what, expected, found, null);
    }

    /**
     * An error with neither expectation nor finding.
     *
     * @param where the file, and the tensor, key or line in it; may be null
     * @param what  what is wrong
     */
    public RequestException(String where, String what) {
        this(where, what, null, null, null);
    }
}
