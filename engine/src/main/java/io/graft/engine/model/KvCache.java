package io.graft.engine.model;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;

/**
 * The keys and values of one text so far, of every layer: rotated keys and values, F32, a row a position. Grows by doubling.
 * For the thread of its session; whoever asked for it closes it. One of a {@link KvPool} does not grow, and ends with the pool.
 */
public final class KvCache implements AutoCloseable {

    private final Kernels kernels;
    private final int width, firstPosition;
    private final Tensor[] keys, values;
    /** Row of position 0; over 0 only where others share the tensors. */
    private final int base;
    private final boolean shares;
    private int capacity, length;
    private boolean closed;

    KvCache(Kernels kernels, Architecture architecture, int capacity, int firstPosition) {
        this.kernels = kernels;
        this.firstPosition = firstPosition;
        this.width = architecture.attention().keyWidth();
        this.keys = new Tensor[architecture.layers()];
        this.values = new Tensor[architecture.layers()];
        this.base = 0;
        this.shares = false;
        grow(Math.max(1, capacity));
    }

    /** One that lies in tensors of a pool, from a row on, and cannot grow. */
    KvCache(KvPool pool, int base, int capacity) {
        this.kernels = pool.kernels;
        this.firstPosition = 0;
        this.width = pool.width;
        this.keys = pool.keys;
        this.values = pool.values;
        this.base = base;
        this.shares = true;
        this.capacity = capacity;
    }

    /** {@return how many positions it holds} */
    public int length() { return length; }

    /** The position of the next token. */
    int position() { return firstPosition + length; }

    /** {@return how many it can hold before it grows} */
    public int capacity() { return capacity; }

    /**
     * Forgets the end of the text.
     *
     * @param to how many positions to keep
     */
    public void truncate(int to) {
        if (to < 0 || to > length) throw new IllegalArgumentException("a cache of " + length + " positions cannot be cut to " + to);
        length = to;
    }

    /**
     * Begins the text as another one does, in place of what it was: copies the other's keys and values.
     *
     * @param other of the same model, at the same first position
     * @param to    how many of its positions
     */
    public void beginAs(KvCache other, int to) {
        if (to < 0 || to > other.length) throw new IllegalArgumentException("the first " + to + " positions of a cache of " + other.length);
        if (other == this || other.width != width || other.keys.length != keys.length || other.firstPosition != firstPosition)
            throw new IllegalArgumentException("a cache of another model, or itself");
        length = 0;
        reserve(to);
        for (int layer = 0; layer < keys.length && to > 0; layer++) {
            kernels.copy(other.keys[layer].rows(other.base, to), keys[layer].rows(base, to));
            kernels.copy(other.values[layer].rows(other.base, to), values[layer].rows(base, to));
        }
        length = to;
    }

    /** Makes room for more positions. */
    void reserve(int more) {
        if (closed) throw new IllegalStateException("the cache is closed; ask the session for another");
        if (length + more <= capacity) return;
        if (shares) throw new IllegalArgumentException("a text of " + (length + more) + " tokens in a pool's cache of " + capacity);
        grow(Math.max(Math.addExact(length, more), 2 * capacity));
    }

    /** Counts positions whose keys and values every layer has written. */
    void advance(int more) { length += more; }

    /** Row of position 0 in {@link #keys} and {@link #values}. */
    int base() { return base; }

    /** Whether both lie in the same tensors, so that one call of attention can serve them. */
    boolean beside(KvCache other) { return keys == other.keys; }

    Tensor keys(int layer) { return keys[layer]; }

    Tensor values(int layer) { return values[layer]; }

    private void grow(int wanted) {
        for (int layer = 0; layer < keys.length; layer++) {
            keys[layer] = moved(keys[layer], "keys of layer " + layer, wanted);
            values[layer] = moved(values[layer], "values of layer " + layer, wanted);
        }
        capacity = wanted;
    }

    private Tensor moved(Tensor old, String name, int wanted) {
        Tensor fresh = kernels.allocate(name, Shape.of(wanted, width));
        if (old != null) {
            if (length > 0) kernels.copy(old.rows(0, length), fresh.rows(0, length));
            old.close();
        }
        return fresh;
    }

    /** Frees it. Closing twice does nothing. */
    @Override
    public void close() {
        closed = true;
        if (shares) return;
        for (Tensor tensor : keys) tensor.close();
        for (Tensor tensor : values) tensor.close();
    }
}
