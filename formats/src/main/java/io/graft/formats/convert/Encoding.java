package io.graft.formats.convert;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.graft.engine.memory.DType;
import java.lang.foreign.MemorySegment;

/** How singles become bytes of a file: blocks of some elements that take some bytes. Stateless; safe for use by many threads. */
public interface Encoding {

    /** {@return elements of a block, 1 for the plain types} */
    int blockElements();

    /** {@return bytes of a block} */
    int blockBytes();

    /**
     * Encodes whole blocks.
     *
     * @param from     little-endian F32
     * @param elements how many, a multiple of {@link #blockElements}
     * @param to       receives {@code elements / blockElements * blockBytes} bytes
     * @throws ArithmeticException if a value cannot be encoded
     */
    void encode(MemorySegment from, long elements, MemorySegment to);

    /**
     * The encoding of a dtype: rounded to the nearest, ties to even; what is too large for F16 becomes infinite.
     *
     * @param dtype F32, BF16 or F16
     * @return its encoding
     */
    static Encoding of(DType dtype) {
        if (!dtype.isComputable()) throw new IllegalArgumentException("no encoding of " + dtype + "; expected F32, BF16 or F16");
        return new Plain(dtype);
    }

    /**
     * One element after the other.
     *
     * @param dtype F32, BF16 or F16
     */
    record Plain(DType dtype) implements Encoding {

        @Override
        public int blockElements() { return 1; }

        @Override
        public int blockBytes() { return dtype.bits() / 8; }

        @Override
        public void encode(MemorySegment from, long elements, MemorySegment to) {
            switch (dtype) {
                case BF16 -> {
                    for (long i = 0; i < elements; i++) to.set(JAVA_SHORT_UNALIGNED, 2 * i, Rounding.bf16(from.get(JAVA_FLOAT_UNALIGNED, 4 * i)));
                }
                case F16 -> {
                    for (long i = 0; i < elements; i++) to.set(JAVA_SHORT_UNALIGNED, 2 * i, Float.floatToFloat16(from.get(JAVA_FLOAT_UNALIGNED, 4 * i)));
                }
                default -> MemorySegment.copy(from, 0, to, 0, 4 * elements);
            }
        }
    }
}
