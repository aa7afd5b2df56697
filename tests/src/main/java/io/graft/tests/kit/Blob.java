package io.graft.tests.kit;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/**
 * A tensor as values of the heap, which property tests can print and shrink.
 *
 * @param name  its name
 * @param dtype its element type
 * @param shape its sizes
 * @param bytes its elements, little-endian
 */
public record Blob(String name, DType dtype, Shape shape, byte[] bytes) {

    /** {@return the same in native memory; close it} */
    public Tensor tensor() {
        Tensor tensor = Tensor.allocate(name, dtype, shape);
        tensor.segment().copyFrom(MemorySegment.ofArray(bytes));
        return tensor;
    }

    /** {@return any name that JSON can hold: letters, quotes, control characters, other scripts} */
    public static Arbitrary<String> names() {
        return Arbitraries.strings().withChars("ab.0\"\\/\n\u0001\u007féস্\uffff").ofMaxLength(12).filter(name -> !name.equals("__metadata__"));
    }

    /** {@return tensors of every dtype with random bytes: NaNs and infinities too} */
    public static Arbitrary<Blob> any() {
        return Dtypes.any().flatMap(dtype -> Combinators.combine(names(), Shapes.of(dtype), Arbitraries.longs())
                .as((name, shape, seed) -> random(name, dtype, shape, new SplittableRandom(seed))));
    }

    /** {@return lists of such tensors, each name once} */
    public static Arbitrary<List<Blob>> lists() { return any().list().ofMaxSize(8).uniqueElements(Blob::name); }

    /**
     * A tensor of random bytes.
     *
     * @param name   its name
     * @param dtype  its element type
     * @param shape  its sizes
     * @param random where the bytes come from
     * @return the tensor
     */
    public static Blob random(String name, DType dtype, Shape shape, SplittableRandom random) {
        byte[] bytes = new byte[(int) dtype.bytes(shape.elements())];
        random.nextBytes(bytes);
        return new Blob(name, dtype, shape, bytes);
    }

    /**
     * A tensor of finite values of about -2 to 2.
     *
     * @param name   its name
     * @param dtype  F32, BF16 or F16
     * @param shape  its sizes
     * @param random where the values come from
     * @return the tensor
     */
    public static Blob finite(String name, DType dtype, Shape shape, SplittableRandom random) {
        Blob blob = random(name, dtype, shape, random);
        int width = dtype.bits() / 8;
        int top = dtype == DType.F16 ? 0x3c : 0x3f; // the exponent's bits of 1, in the last byte of an element
        for (int i = width - 1; i < blob.bytes.length; i += width) blob.bytes[i] = (byte) (blob.bytes[i] & 0x80 | top);
        return blob;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Blob blob && name.equals(blob.name) && dtype == blob.dtype && shape.equals(blob.shape) && Arrays.equals(bytes, blob.bytes);
    }

    @Override
    public int hashCode() { return name.hashCode(); }

    @Override
    public String toString() { return name + " " + dtype + " " + shape; }

    /**
     * In native memory, all.
     *
     * @param blobs the tensors
     * @return the same; close each
     */
    public static List<Tensor> tensors(List<Blob> blobs) {
        List<Tensor> tensors = new ArrayList<>();
        for (Blob blob : blobs) tensors.add(blob.tensor());
        return tensors;
    }
}
