package io.graft.formats.safetensors;

import io.graft.engine.RequestException;

/** A file that is no valid safetensors: which rule it breaks, where, and what stood there. */
public final class SafetensorsException extends RequestException {

    private static final long serialVersionUID = 1;

    /** The rules, in the order in which they are checked. */
    public enum Kind {
        /** The file is shorter than the 8 bytes of the header's length. */
        HeaderTooSmall,
        /** The header claims more than 100,000,000 bytes, or holds more metadata than Graft keeps. */
        HeaderTooLarge,
        /** The header reaches past the end of the file. */
        InvalidHeaderLength,
        /** The header is not UTF-8. */
        InvalidHeaderUtf8,
        /** The header is not the JSON that the format asks for. */
        InvalidHeaderJson,
        /** A tensor has a field that the format does not know; the reference ignores it. */
        UnknownField,
        /** A key stands twice in one object; the reference keeps the last. */
        DuplicateKey,
        /** Sorted by offset, the tensors leave a hole, overlap, or end before they begin. */
        InvalidOffset,
        /** The number of elements, or of their bits, is over 64 bits. */
        ValidationOverflow,
        /** Elements of under 8 bits are no whole number of bytes. */
        MisalignedSlice,
        /** A tensor's shape and dtype need another number of bytes than its range has. */
        TensorInvalidInfo,
        /** The file is shorter or longer than its tensors. */
        MetadataIncompleteBuffer
    }

    private final Kind kind;

    SafetensorsException(Kind kind, String where, String what, Object expected, Object found) {
        super(where, what, expected, found, null);
        this.kind = kind;
    }

    /** {@return the rule that is broken} */
    public Kind kind() { return kind; }
}
