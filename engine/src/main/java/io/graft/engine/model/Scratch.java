package io.graft.engine.model;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The memory of a pass, planned once for the most rows a session takes: every layer uses the same buffers. Views of fewer rows are
 * kept from pass to pass, so that decoding allocates nothing.
 */
final class Scratch implements AutoCloseable {

    private final List<Tensor> buffers = new ArrayList<>();
    private final Kernels kernels;
    private final int rows;
    private final Tensor x, normed, q, k, v, attended, branch, gate, up, lowRank, cos, sin, localCos, localSin;
    private Views views;

    /**
     * Buffers cut to the rows of a batch; T rows of H, the widths of heads, or of the MLP.
     *
     * @param x        the residual stream
     * @param normed   what a branch reads
     * @param attended what attention gives, before the output map
     * @param branch   what a branch adds
     */
    record Views(int rows, Tensor x, Tensor normed, Tensor q, Tensor k, Tensor v, Tensor attended, Tensor branch, Tensor gate, Tensor up, Tensor cos, Tensor sin, Tensor localCos, Tensor localSin) {}

    Scratch(Kernels kernels, Architecture architecture, int rows, int rank) {
        this.kernels = kernels;
        this.rows = rows;
        Architecture.Attention attention = architecture.attention();
        int hidden = architecture.hidden(), half = attention.headDim() / 2;
        x = buffer("residual stream", hidden);
        normed = buffer("normed", hidden);
        q = buffer("queries", attention.queryWidth());
        k = buffer("keys", attention.keyWidth());
        v = buffer("values", attention.keyWidth());
        attended = buffer("attended", attention.queryWidth());
        branch = buffer("branch", hidden);
        gate = buffer("gate", architecture.intermediate());
        up = buffer("up", architecture.intermediate());
        lowRank = rank == 0 ? null : buffer("low rank", rank);
        cos = buffer("cosines", half);
        sin = buffer("sines", half);
        boolean local = !attention.rotary().equals(attention.localRotary());
        localCos = local ? buffer("local cosines", half) : cos;
        localSin = local ? buffer("local sines", half) : sin;
    }

    private Tensor buffer(String name, int width) {
        Tensor buffer = kernels.allocate(name, Shape.of(rows, width));
        buffers.add(buffer);
        return buffer;
    }

    Views views(int count) {
        if (views == null || views.rows() != count)
            views = new Views(count, x.rows(0, count), normed.rows(0, count), q.rows(0, count), k.rows(0, count), v.rows(0, count), attended.rows(0, count),
                    branch.rows(0, count), gate.rows(0, count), up.rows(0, count), cos.rows(0, count),
                    sin.rows(0, count), localCos.rows(0, count), localSin.rows(0, count));
        return views;
    }

    /** What an update of low rank has after its first map: (T, rank). */
    Tensor lowRank(int count, long rank) { return Tensor.view("low rank", lowRank.dtype(), Shape.of(count, rank), lowRank.owner(), 0); }

    @Override
    public void close() {
        for (Tensor buffer : buffers) buffer.close();
    }
}
