package io.graft.formats.gguf;

import io.graft.engine.memory.DType;

/**
 * The tensor types that Graft reads. A row is cut into blocks of {@link #elements} values that take {@link #bytes} bytes together.
 */
public enum GgufType {
    /** Singles. */
    F32(0, 1, 4),
    /** Halves. */
    F16(1, 1, 2),
    /** Four bits and a scale. */
    Q4_0(2, 32, 18),
    /** Four bits, a scale and a minimum. */
    Q4_1(3, 32, 20),
    /** Five bits and a scale. */
    Q5_0(6, 32, 22),
    /** Five bits, a scale and a minimum. */
    Q5_1(7, 32, 24),
    /** Eight bits and a scale. */
    Q8_0(8, 32, 34),
    /** Two bits, 16 scales and minima of four bits. */
    Q2_K(10, 256, 84),
    /** Three bits, 16 scales of six bits. */
    Q3_K(11, 256, 110),
    /** Four bits, 8 scales and minima of six bits. */
    Q4_K(12, 256, 144),
    /** Five bits, 8 scales and minima of six bits. */
    Q5_K(13, 256, 176),
    /** Six bits, 16 scales of eight bits. */
    Q6_K(14, 256, 210),
    /** The upper halves of singles. */
    BF16(30, 1, 2);

    /** Names of the numbers that ggml defines and Graft does not read, for messages. */
    private static final String[] OTHERS = new String[42];

    static {
        String names = "9 Q8_1,15 Q8_K,16 IQ2_XXS,17 IQ2_XS,18 IQ3_XXS,19 IQ1_S,20 IQ4_NL,21 IQ3_S,22 IQ2_S,23 IQ4_XS,24 I8,25 I16,26 I32,27 I64,28 F64,29 IQ1_M,34 TQ1_0,35 TQ2_0,39 MXFP4";
        for (String each : names.split(",")) OTHERS[Integer.parseInt(each.substring(0, each.indexOf(' ')))] = each.substring(each.indexOf(' ') + 1);
    }

    private final int number;
    private final int elements;
    private final int bytes;

    GgufType(int number, int elements, int bytes) {
        this.number = number;
        this.elements = elements;
        this.bytes = bytes;
    }

    /** {@return its number in the file} */
    public int number() { return number; }

    /** {@return values of a block} */
    public int elements() { return elements; }

    /** {@return bytes of a block} */
    public int bytes() { return bytes; }

    /** {@return the dtype of the same bytes; null for a quantised type} */
    public DType dtype() {
        return switch (this) {
            case F32 -> DType.F32;
            case F16 -> DType.F16;
            case BF16 -> DType.BF16;
            default -> null;
        };
    }

    static GgufType ofNumber(long number) {
        for (GgufType type : values()) if (type.number == number) return type;
        return null;
    }

    /** What a number means, for messages: such as {@code IQ2_XS (17)}. */
    static String describe(long number) {
        String name = number < OTHERS.length ? OTHERS[(int) number] : null;
        return name == null ? "type number " + number : name + " (type number " + number + ")";
    }
}
