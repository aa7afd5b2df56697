package io.graft.formats.gguf;

import java.util.List;

/** A value of the metadata. Immutable. */
public sealed interface GgufValue {

    /** The types of values, in the order of their numbers. */
    enum Type {
        /** Unsigned byte. */
        UINT8(1),
        /** Signed byte. */
        INT8(1),
        /** Unsigned 16-bit integer. */
        UINT16(2),
        /** Signed 16-bit integer. */
        INT16(2),
        /** Unsigned 32-bit integer. */
        UINT32(4),
        /** Signed 32-bit integer. */
        INT32(4),
        /** Single. */
        FLOAT32(4),
        /** Truth value, a byte 0 or 1. */
        BOOL(1),
        /** UTF-8, after its length in eight bytes. */
        STRING(8),
        /** Element type, count, elements. */
        ARRAY(12),
        /** Unsigned 64-bit integer. */
        UINT64(8),
        /** Signed 64-bit integer. */
        INT64(8),
        /** Double. */
        FLOAT64(8);

        private final int least;

        Type(int least) { this.least = least; }

        /** The fewest bytes that such a value takes in a file; all of them for a number. */
        int leastBytes() { return least; }

        static Type ofNumber(long number) { return number >= 0 && number < values().length ? values()[(int) number] : null; }
    }

    /** {@return its type in the file} */
    Type type();

    /**
     * An integer.
     *
     * @param type  one of the eight integer types
     * @param value the value; of a UINT64 its 64 bits
     */
    record Int(Type type, long value) implements GgufValue {
        @Override
        public String toString() { return type == Type.UINT64 ? Long.toUnsignedString(value) : Long.toString(value); }
    }

    /**
     * A float.
     *
     * @param type  FLOAT32 or FLOAT64
     * @param value the value, of a FLOAT32 widened
     */
    record Real(Type type, double value) implements GgufValue {

        /** {@return the shortest decimal that reads back as the value in its own type: 1e-5 for the single nearest to it} */
        public double decimal() { return type == Type.FLOAT32 ? Double.parseDouble(Float.toString((float) value)) : value; }

        @Override
        public String toString() { return Double.toString(decimal()); }
    }

    /**
     * A truth value.
     *
     * @param value the value
     */
    record Bool(boolean value) implements GgufValue {
        @Override
        public Type type() { return Type.BOOL; }

        @Override
        public String toString() { return Boolean.toString(value); }
    }

    /**
     * A string.
     *
     * @param value the value
     */
    record Text(String value) implements GgufValue {
        @Override
        public Type type() { return Type.STRING; }

        @Override
        public String toString() { return '"' + value + '"'; }
    }

    /**
     * Strings.
     *
     * @param values the elements
     */
    record Texts(List<String> values) implements GgufValue {
        @Override
        public Type type() { return Type.ARRAY; }

        @Override
        public String toString() { return values.size() + " strings"; }
    }

    /**
     * Numbers or truth values, kept as the bytes of the file: a hostile array of bytes must not grow eightfold in memory.
     *
     * @param of    the type of the elements
     * @param count how many
     * @param bytes their little-endian bytes
     */
    record Numbers(Type of, int count, byte[] bytes) implements GgufValue {
        @Override
        public Type type() { return Type.ARRAY; }

        /**
         * An element as an integer.
         *
         * @param index from 0
         * @return its value, a float rounded towards zero, a truth value as 0 or 1
         */
        public long integer(int index) {
            return switch (Little.ofBytes(bytes).scalar(of, index * of.leastBytes())) {
                case Int value -> value.value();
                case Real value -> (long) value.value();
                case Bool value -> value.value() ? 1 : 0;
                default -> throw new IllegalStateException("no number");
            };
        }

        /**
         * An element as a float.
         *
         * @param index from 0
         * @return its value
         */
        public double real(int index) {
            return Little.ofBytes(bytes).scalar(of, index * of.leastBytes()) instanceof Real value ? value.value() : integer(index);
        }

        @Override
        public String toString() { return count + " of " + of; }
    }

    /**
     * Arrays of arrays.
     *
     * @param values the inner arrays
     */
    record Arrays(List<GgufValue> values) implements GgufValue {
        @Override
        public Type type() { return Type.ARRAY; }

        @Override
        public String toString() { return values.size() + " arrays"; }
    }
}
