package io.graft.engine.memory;

/**
 * The element types of tensors: those of safetensors 0.8.0, in its order, which is the order its writer sorts by.
 *
 * <p>Graft computes with {@link #F32} from F32, BF16 and F16 storage; the others are read, written, copied and validated.
 */
public enum DType {
    /** A truth value in one byte. */
    BOOL(8),
    /** Four-bit float, two elements a byte. */
    F4(4),
    /** Six-bit float, 2 bits of exponent. */
    F6_E2M3(6),
    /** Six-bit float, 3 bits of exponent. */
    F6_E3M2(6),
    /** Unsigned byte. */
    U8(8),
    /** Signed byte. */
    I8(8),
    /** Eight-bit float, 5 bits of exponent. */
    F8_E5M2(8),
    /** Eight-bit float, 4 bits of exponent. */
    F8_E4M3(8),
    /** Eight-bit scale: a power of two. */
    F8_E8M0(8),
    /** Eight-bit float, 4 bits of exponent, no negative zero. */
    F8_E4M3FNUZ(8),
    /** Eight-bit float, 5 bits of exponent, no negative zero. */
    F8_E5M2FNUZ(8),
    /** Signed 16-bit integer. */
    I16(16),
    /** Unsigned 16-bit integer. */
    U16(16),
    /** IEEE 754 half. */
    F16(16),
    /** The upper half of a float. */
    BF16(16),
    /** Signed 32-bit integer. */
    I32(32),
    /** Unsigned 32-bit integer. */
    U32(32),
    /** IEEE 754 single. */
    F32(32),
    /** Complex number of two singles. */
    C64(64),
    /** IEEE 754 double. */
    F64(64),
    /** Signed 64-bit integer. */
    I64(64),
    /** Unsigned 64-bit integer. */
    U64(64);

    private final int bits;

    DType(int bits) { this.bits = bits; }

    /** {@return the size of an element in bits} */
    public int bits() { return bits; }

    /** {@return whether Graft computes with it: F32, BF16 or F16} */
    public boolean isComputable() { return this == F32 || this == BF16 || this == F16; }

    /** {@return whether it is an integer or a truth value, which merges copy and never average} */
    public boolean isInteger() {
        return switch (this) {
            case BOOL, U8, I8, I16, U16, I32, U32, I64, U64 -> true;
            default -> false;
        };
    }

    /**
     * The bytes that a number of elements take.
     *
     * @param elements 0 or more
     * @return elements times bits, in bytes
     * @throws ArithmeticException if that is over 64 bits or no whole number of bytes
     */
    public long bytes(long elements) {
        long all = Math.multiplyExact(elements, bits);
        if ((all & 7) != 0) throw new ArithmeticException(elements + " elements of " + this + " are no whole number of bytes");
        return all >>> 3;
    }

    /**
     * Reads the names of the command line and of recipes.
     *
     * @param name such as {@code float32}, {@code f32}, {@code bfloat16}, {@code torch.float16}; any case
     * @return F32, BF16, F16, F64 or I64; null where the name is none of theirs
     */
    public static DType ofName(String name) {
        String plain = name.toLowerCase(java.util.Locale.ROOT);
        if (plain.startsWith("torch.")) plain = plain.substring(6);
        return switch (plain) {
            case "float32", "f32", "float" -> F32;
            case "bfloat16", "bf16" -> BF16;
            case "float16", "f16", "half" -> F16;
            case "float64", "f64", "double" -> F64;
            case "int64", "i64" -> I64;
            default -> null;
        };
    }

    /** {@return PyTorch's name of it, such as {@code bfloat16}, as config.json has it; null where it has none} */
    public String torchName() {
        return switch (this) {
            case F32 -> "float32";
            case BF16 -> "bfloat16";
            case F16 -> "float16";
            case F64 -> "float64";
            case I64 -> "int64";
            default -> null;
        };
    }
}
