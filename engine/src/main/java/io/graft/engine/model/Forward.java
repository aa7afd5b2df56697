package io.graft.engine.model;

import io.graft.engine.kernel.AttentionSpec;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.Sequences;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.engine.model.Architecture.Block;
import io.graft.engine.model.Scratch.Views;
import io.graft.engine.model.WeightSource.LowRank;
import io.graft.engine.model.Weights.Layer;
import io.graft.engine.model.Weights.Linear;

/**
 * The forward pass, read top to bottom: tokens to hidden states to logits. What families differ in is asked of the
 * {@link Architecture}; all arithmetic is the kernels'. (T, H) is a row a token of the batch.
 */
final class Forward implements AutoCloseable {

    private final Architecture architecture;
    private final Architecture.Attention attention;
    private final AttentionSpec[] specs;
    private final Weights weights;
    private final Kernels kernels;
    private final Scratch scratch;
    private final Rotation rotation, localRotation;
    private final Sequences sequence = new Sequences();
    /** Row t of the tables of cosines is that of row t of the batch. */
    private final int[] tableRows;
    private Views at;

    Forward(Architecture architecture, Weights weights, Kernels kernels, int rows) {
        this.architecture = architecture;
        this.attention = architecture.attention();
        this.weights = weights;
        this.kernels = kernels;
        this.scratch = new Scratch(kernels, architecture, rows, weights.largestRank());
        this.rotation = new Rotation(attention.rotary(), rows);
        this.localRotation = attention.rotary().equals(attention.localRotary()) ? null : new Rotation(attention.localRotary(), rows);
        this.specs = new AttentionSpec[architecture.layers()];
        for (int layer = 0; layer < specs.length; layer++) specs[layer] = attention.spec(layer);
        this.tableRows = new int[rows];
        for (int row = 0; row < rows; row++) tableRows[row] = row;
    }

    /** Computes {@link #hidden} and writes the caches' next rows, without counting them. */
    void run(Batch batch, Observer observer) {
        begin(batch);
        embed(batch);
        for (int layer = 0; layer < architecture.layers(); layer++) {
            if (observer != null) observer.saw("hidden." + layer, at.x());
            block(layer, batch, observer);
        }
        finish();
        if (observer != null) observer.saw("hidden." + architecture.layers(), at.normed());
    }

    /** Makes ready for the layers of a batch. */
    void begin(Batch batch) {
        for (int part = 0; part < batch.parts(); part++) batch.cache(part).reserve(batch.end(part) - batch.first(part));
        at = scratch.views(batch.rows());
        rotation.fill(batch, kernels, at.cos(), at.sin());
        if (localRotation != null) localRotation.fill(batch, kernels, at.localCos(), at.localSin());
    }

    void embed(Batch batch) { kernels.embed(weights.embedding, batch.ids(), (float) architecture.embeddingScale(), at.x()); }

    /** The final norm of the stream. */
    void finish() { norm(at.x(), weights.finalNorm, at.normed()); }

    /** (T, H) between the layers, which they add to. */
    Tensor stream() { return at.x(); }

    /** (T, H) after the final norm, valid until the next pass. */
    Tensor hidden() { return at.normed(); }

    /** (T, H) that nobody needs between passes. */
    Tensor spare() { return at.branch(); }

    /** Logits (n, V) of hidden states (n, H). */
    void head(Tensor hidden, Tensor logits) {
        kernels.linear(hidden, weights.head, null, logits);
        if (architecture.head().scale() != 1) kernels.scale(logits, (float) architecture.head().scale(), logits);
        if (architecture.head().softCap() != 0) kernels.softCap(logits, (float) architecture.head().softCap(), logits);
    }

    void block(int index, Batch batch, Observer observer) {
        Layer layer = weights.layers.get(index);
        norm(at.x(), layer.inputNorm(), at.normed());
        attend(index, layer, batch);
        if (observer != null) observer.saw("attn_out." + index, at.branch());
        join(layer.attentionOutNorm());
        // In a parallel block the MLP reads what attention has read, which is still there.
        if (architecture.block() != Block.PARALLEL) norm(at.x(), layer.middleNorm(), at.normed());
        mlp(layer);
        if (observer != null) observer.saw("mlp_out." + index, at.branch());
        join(layer.mlpOutNorm());
    }

    /** h += branch, normed first in a sandwich. */
    private void join(Tensor outNorm) {
        if (outNorm != null) norm(at.branch(), outNorm, at.branch());
        kernels.add(at.x(), at.branch(), 1, at.x());
    }

    private void attend(int index, Layer layer, Batch batch) {
        // The keys and values of a single text are computed where they stay; those of several are dealt out.
        KvCache only = batch.parts() == 1 ? batch.cache(0) : null;
        Tensor k = only == null ? at.k() : only.keys(index).rows(only.base() + only.length(), batch.rows());
        Tensor v = only == null ? at.v() : only.values(index).rows(only.base() + only.length(), batch.rows());
        linear(at.normed(), layer.q(), at.q());
        linear(at.normed(), layer.k(), k);
        linear(at.normed(), layer.v(), v);
        if (attention.headNorms()) {
            norm(at.q(), layer.qNorm(), at.q());
            norm(k, layer.kNorm(), k);
        }
        boolean local = attention.windows().get(index) != 0;
        Tensor cos = local ? at.localCos() : at.cos(), sin = local ? at.localSin() : at.sin();
        kernels.rope(at.q(), attention.headDim(), cos, sin, tableRows, attention.ropeStyle());
        kernels.rope(k, attention.headDim(), cos, sin, tableRows, attention.ropeStyle());
        sequence.clear();
        for (int part = 0; part < batch.parts(); part++) {
            KvCache cache = batch.cache(part);
            int first = batch.first(part), count = batch.end(part) - first, end = cache.base() + cache.length();
            if (only == null) {
                kernels.copy(k.rows(first, count), cache.keys(index).rows(end, count));
                kernels.copy(v.rows(first, count), cache.values(index).rows(end, count));
            }
            sequence.add(first, count, cache.base(), cache.length() + count);
            if (part + 1 < batch.parts() && cache.beside(batch.cache(part + 1))) continue;
            kernels.attention(at.q(), cache.keys(index), cache.values(index), sequence, specs[index], at.attended());
            sequence.clear();
        }
        linear(at.attended(), layer.o(), at.branch());
    }

    private void mlp(Layer layer) {
        linear(at.normed(), layer.gate(), at.gate());
        linear(at.normed(), layer.up(), at.up());
        kernels.gate(architecture.mlp().activation(), at.gate(), at.up(), at.gate());
        linear(at.gate(), layer.down(), at.branch());
    }

    /** y = W x + bias + scale B (A x). */
    private void linear(Tensor x, Linear map, Tensor y) {
        kernels.linear(x, map.weight(), map.bias(), y);
        LowRank update = map.update();
        if (update == null) return;
        Tensor down = scratch.lowRank(at.rows(), update.a().shape().size(0));
        kernels.linear(x, update.a(), null, down);
        kernels.scale(down, update.scale(), down);
        kernels.matmul(down, false, update.b(), true, y, true);
    }

    /** Norms rows of the gain's length: the stream, or every head. */
    private void norm(Tensor x, Tensor gain, Tensor y) {
        float epsilon = (float) architecture.norm().epsilon();
        switch (architecture.norm().kind()) {
            case RMS -> kernels.rmsNorm(x, gain, epsilon, false, y);
            case RMS_ONE_PLUS -> kernels.rmsNorm(x, gain, epsilon, true, y);
            case LAYER -> kernels.layerNorm(x, gain, epsilon, y);
        }
    }

    @Override
    public void close() { scratch.close(); }
}
