package io.graft.formats.gguf;

import io.graft.engine.RequestException;

/** A file that is no GGUF that Graft reads: which rule it breaks, where, and what stood there. */
public final class GgufException extends RequestException {

    private static final long serialVersionUID = 1;

    /** The rule that is broken. */
    public enum Kind {
        /** The file ends within the header. */
        TRUNCATED,
        /** It does not begin with {@code GGUF}. */
        BAD_MAGIC,
        /** Neither version 2 nor 3, or big-endian. */
        BAD_VERSION,
        /** A count or a length that the rest of the file cannot hold. */
        ABSURD_COUNT,
        /** A string that is not UTF-8. */
        BAD_STRING,
        /** A type number of a value or of a tensor that is not defined, or that Graft does not read. */
        UNKNOWN_TYPE,
        /** A metadata key or a tensor name that stands twice. */
        DUPLICATE_KEY,
        /** A tensor whose data is not wholly within the file. */
        TENSOR_OUT_OF_FILE,
        /** Tensor data that does not begin at a multiple of the alignment. */
        MISALIGNED,
        /** Dimensions whose product is over 63 bits. */
        OVERFLOW,
        /** Anything else that the format does not allow. */
        MALFORMED,
        /** Metadata that is missing, of another type than it should be, or says something that Graft cannot honour. */
        BAD_METADATA
    }

    private final Kind kind;

    GgufException(Kind kind, String where, String what, Object expected, Object found, String hint) {
        super(where, what, expected, found, hint);
        this.kind = kind;
    }

    GgufException(Kind kind, String where, String what, Object expected, Object found) {
        this(kind, where, what, expected, found, null);
    }

    /** {@return which rule is broken} */
    public Kind kind() { return kind; }
}
