package io.graft.engine.model;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Caches of many texts in one block a layer, all of one capacity: a pass over several of them asks for attention once a layer
 * instead of once a text, which is most of the time of a small model.
 */
public final class KvPool implements AutoCloseable {

    final Kernels kernels;
    final int width;
    final Tensor[] keys, values;
    private final List<KvCache> caches = new ArrayList<>();

    KvPool(Kernels kernels, Architecture architecture, int texts, int capacity) {
        this.kernels = kernels;
        this.width = architecture.attention().keyWidth();
        this.keys = new Tensor[architecture.layers()];
        this.values = new Tensor[architecture.layers()];
        int rows = Math.multiplyExact(texts, capacity);
        for (int layer = 0; layer < keys.length; layer++) {
            keys[layer] = kernels.allocate("keys of layer " + layer, Shape.of(rows, width));
            values[layer] = kernels.allocate("values of layer " + layer, Shape.of(rows, width));
        }
        for (int text = 0; text < texts; text++) caches.add(new KvCache(this, text * capacity, capacity));
    }

    /** {@return the caches, which hold no more than the pool's capacity} */
    public List<KvCache> caches() { return List.copyOf(caches); }

    /** Frees them all. */
    @Override
    public void close() {
        for (KvCache cache : caches) cache.close();
        for (Tensor tensor : keys) tensor.close();
        for (Tensor tensor : values) tensor.close();
    }
}
