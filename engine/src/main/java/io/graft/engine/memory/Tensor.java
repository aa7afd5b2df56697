package io.graft.engine.memory;

import java.lang.foreign.MemorySegment;

/**
 * A dtype, a shape, and the native bytes of that many elements: row-major, contiguous, little-endian.
 *
 * <p>Mapped weights are the same type as computed values: read-only, zero-copy. A view ({@link #rows}, {@link #reshape})
 * shares the bytes and dies with them; closing a view does nothing. Using a closed tensor is an {@link IllegalStateException}.
 * Safe for reading by many threads.
 */
public final class Tensor implements AutoCloseable {

    private final String name;
    private final DType dtype;
    private final Shape shape;
    private final Owner owner;
    private final long offset;
    private final boolean owning;

    private Tensor(String name, DType dtype, Shape shape, Owner owner, long offset, boolean owning) {
        long bytes = dtype.bytes(shape.elements());
        if (offset < 0 || bytes > owner.bytes() - offset)
            throw new IllegalArgumentException(name + ": " + dtype + " " + shape + " at byte " + offset + " does not fit; expected at least " + bytes
                    + " bytes there, found " + Math.max(0, owner.bytes() - offset));
        this.name = name;
        this.dtype = dtype;
        this.shape = shape;
        this.owner = owner;
        this.offset = offset;
        this.owning = owning;
    }

    /**
     * A new tensor of zeros that owns its memory.
     *
     * @param name  what errors call it
     * @param dtype its element type
     * @param shape its sizes
     * @return the tensor; close it
     */
    public static Tensor allocate(String name, DType dtype, Shape shape) {
        return new Tensor(name, dtype, shape, Owner.allocate(name, dtype.bytes(shape.elements())), 0, true);
    }

    /**
     * A tensor upon a part of somebody's block.
     *
     * @param name   what errors call it
     * @param dtype  its element type
     * @param shape  its sizes
     * @param owner  who owns the bytes, and closes them
     * @param offset of its first element in the block, in bytes; any alignment
     * @return the view
     * @throws IllegalArgumentException if it does not fit
     */
    public static Tensor view(String name, DType dtype, Shape shape, Owner owner, long offset) {
        return new Tensor(name, dtype, shape, owner, offset, false);
    }

    /**
     * Some rows of the outermost dimension.
     *
     * @param from  the first
     * @param count how many
     * @return a view of shape [count, ...]
     */
    public Tensor rows(long from, long count) {
        long[] sizes = shape.toArray();
        if (sizes.length == 0 || from < 0 || count < 0 || from + count > sizes[0])
            throw new IndexOutOfBoundsException(name + " " + shape + " has no rows " + from + " to " + (from + count));
        long each = sizes[0] == 0 ? 0 : shape.elements() / sizes[0];
        sizes[0] = count;
        return view(name, dtype, Shape.of(sizes), owner, offset + dtype.bytes(from * each));
    }

    /**
     * The same elements under another shape.
     *
     * @param other a shape of as many elements
     * @return a view
     */
    public Tensor reshape(Shape other) {
        if (other.elements() != shape.elements()) throw new IllegalArgumentException(name + " " + shape + " cannot be read as " + other);
        return view(name, dtype, other, owner, offset);
    }

    /** {@return what errors call it} */
    public String name() { return name; }

    /** {@return the element type} */
    public DType dtype() { return dtype; }

    /** {@return the sizes} */
    public Shape shape() { return shape; }

    /** {@return the size of the elements in bytes} */
    public long bytes() { return dtype.bytes(shape.elements()); }

    /** {@return whose bytes they are} */
    public Owner owner() { return owner; }

    /** {@return where the first element lies in the owner's block, in bytes} */
    public long offset() { return offset; }

    /** {@return whether the bytes are a mapped file's} */
    public boolean isMapped() { return owner.isMapped(); }

    /**
     * Keeps the bytes alive until {@link #release}: kernels do this before their workers start.
     *
     * @return the address of the first element
     * @throws IllegalStateException if the tensor is closed
     */
    public long acquire() { return owner.acquire() + offset; }

    /** Ends one {@link #acquire}. */
    public void release() { owner.release(); }

    /** {@return the bytes as a checked segment, read-only where mapped} */
    public MemorySegment segment() { return owner.segment().asSlice(offset, bytes()); }

    /** Frees the memory if this tensor owns it. Closing twice, or closing a view, does nothing. */
    @Override
    public void close() {
        if (owning) owner.close();
    }

    /** {@return its name, dtype and shape, for messages} */
    @Override
    public String toString() { return name + " " + dtype + " " + shape; }
}
