package io.graft.formats.gguf;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Little-endian numbers in an array of bytes, whatever their alignment.
 *
 * @param bytes the array
 */
record Little(byte[] bytes) {

    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    static Little ofBytes(byte[] bytes) { return new Little(bytes); }

    int u8(int at) { return bytes[at] & 0xFF; }

    int u16(int at) { return (short) SHORT.get(bytes, at) & 0xFFFF; }

    int i32(int at) { return (int) INT.get(bytes, at); }

    long i64(int at) { return (long) LONG.get(bytes, at); }

    /** A half. */
    float f16(int at) { return Float.float16ToFloat((short) SHORT.get(bytes, at)); }

    /** The upper half of a single. */
    float bf16(int at) { return Float.intBitsToFloat(u16(at) << 16); }

    /** A number or a truth value of the metadata; null for a truth value that is neither 0 nor 1. */
    GgufValue scalar(GgufValue.Type type, int at) {
        return switch (type) {
            case UINT8 -> new GgufValue.Int(type, u8(at));
            case INT8 -> new GgufValue.Int(type, bytes[at]);
            case UINT16 -> new GgufValue.Int(type, u16(at));
            case INT16 -> new GgufValue.Int(type, (short) u16(at));
            case UINT32 -> new GgufValue.Int(type, i32(at) & 0xFFFFFFFFL);
            case INT32 -> new GgufValue.Int(type, i32(at));
            case UINT64, INT64 -> new GgufValue.Int(type, i64(at));
            case FLOAT32 -> new GgufValue.Real(type, Float.intBitsToFloat(i32(at)));
            case FLOAT64 -> new GgufValue.Real(type, Double.longBitsToDouble(i64(at)));
            case BOOL -> u8(at) > 1 ? null : new GgufValue.Bool(u8(at) == 1);
            case STRING, ARRAY -> throw new IllegalArgumentException(type + " is no scalar");
        };
    }
}
