package io.graft.engine.kernel;

import io.graft.engine.kernel.backward.BackwardKernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;

/**
 * The arithmetic of models: the one place where elements of tensors are touched.
 *
 * <p><b>Shapes</b> are row-major. A matrix is a tensor of any rank read as (rows, columns), columns being its last size, rows
 * the product of the others. Activations are F32 as {@link #allocate} makes them; weights F32, BF16 or F16, widened in
 * registers. An output may be one of the inputs only where that is said. Operands that do not fit are an
 * {@link IllegalArgumentException} that names the operation and the shapes; a closed one is an {@link IllegalStateException};
 * both before any byte is touched.
 *
 * <p><b>Bits.</b> Results are the same on every machine, for every number of threads, vector width and implementation:
 * <ul>
 * <li>an element of a matrix product is a sum of blocks of {@link #BLOCK} along k, added in order (to the old value first,
 *     where accumulating); a block is one chain of fused multiply-adds in the order of k, from zero;
 * <li>{@link #linear} of at most {@link #FEW} rows, a decoding step, instead runs along k in {@link #LANES} lanes
 *     (element e in lane e mod LANES for F32; for 16-bit weights the even elements of each 64 in lanes 0 to 31, the odd ones in
 *     32 to 63), zeros filling up the last 64, the lanes then added pairwise, halves first. So a row decoded alone and in a batch
 *     of up to FEW has the same bits; the same row among more differs by rounding;
 * <li>other sums along a row run in LANES lanes, element e in lane e mod LANES, and the same tree;
 * <li>exp and tanh are {@link io.graft.engine.kernel Graft's} own polynomials.
 * </ul>
 *
 * <p><b>Lifetime.</b> An operation holds its operands from its start until every worker has left; closing one meanwhile takes
 * effect afterwards. A mapped weight whose file was truncated is a {@link io.graft.engine.RunException} that names it; the
 * output is then undefined. <b>Threads.</b> Safe for use by many; one operation runs at a time.
 */
public interface Kernels extends AutoCloseable {

    /** The length of the blocks along k in which matrix products are added up. */
    int BLOCK = 256;

    /** The lanes of reductions: a multiple of every vector width, enough chains to hide latency. */
    int LANES = 64;

    /** Up to this many rows {@link #linear} reads weights once, from memory, instead of packing them. */
    int FEW = 8;

    /**
     * Chooses and starts an implementation: that which {@code choice} or else {@code -Dgraft.kernels} names, or else the best
     * available. The logger {@code io.graft.engine.kernel} says which and why, as debugging; a missing vector module is a warning, once.
     *
     * @param choice  {@code scalar}, {@code vector} or another provider's name; null for the default
     * @param threads how many work, the caller included; 0 for as many as there are processors (of the container)
     * @return the kernels; close them
     * @throws io.graft.engine.RequestException if nothing has that name, or what has cannot run here
     */
    static Kernels open(String choice, int threads) { return Choice.open(choice, threads); }

    /** {@return what this is, such as {@code vector, 256 bits, raw addresses}} */
    String description();

    /** {@return how many threads work, the caller included} */
    int threads();

    /**
     * Makes a tensor for activations, zeroed, where these kernels compute and in the type in which they do.
     *
     * @param name  what errors call it
     * @param shape its sizes
     * @return the tensor; close it
     */
    Tensor allocate(String name, Shape shape);

    /**
     * Brings a weight to where these kernels compute. On the host that is the tensor itself.
     *
     * @param stored F32, BF16 or F16
     * @return the same values; valid as long as both {@code stored} and these kernels are open
     */
    Tensor upload(Tensor stored);

    /**
     * Fills a tensor.
     *
     * @param from at least as many elements
     * @param to   made by {@link #allocate}
     */
    void upload(float[] from, Tensor to);

    /**
     * Reads a tensor.
     *
     * @param from activations or a weight, any computable type, widened
     * @param to   at least as many elements
     */
    void download(Tensor from, float[] to);

    /**
     * Copies all elements.
     *
     * @param from activations
     * @param to   as many elements
     */
    void copy(Tensor from, Tensor to);

    /**
     * c (+)= a b, with either transposed.
     *
     * @param a          (m, k), or (k, m) if transposed; F32, BF16 or F16
     * @param transposeA whether a's rows run along k
     * @param b          (k, n), or (n, k) if transposed; F32, BF16 or F16
     * @param transposeB whether b's columns run along k
     * @param c          (m, n) F32; none of the inputs
     * @param accumulate whether c's old values are kept and added to
     */
    void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor c, boolean accumulate);

    /**
     * y = x W^T + bias.
     *
     * @param x      (t, in)
     * @param weight (out, in); F32, BF16 or F16
     * @param bias   (out), any of these types, or null
     * @param y      (t, out); not x
     */
    void linear(Tensor x, Tensor weight, Tensor bias, Tensor y);

    /**
     * y[i] = scale table[ids[i]].
     *
     * @param table (vocabulary, n); F32, BF16 or F16
     * @param ids   as many as y has rows are read
     * @param scale 1, or sqrt(n) for Gemma
     * @param y     (t, n)
     * @throws IllegalArgumentException if an id is outside the table
     */
    void embed(Tensor table, int[] ids, float scale, Tensor y);

    /**
     * y = x / sqrt(mean(x^2) + eps) g over rows of gain's length, so that of (t, heads headDim) each head is a row if gain has
     * headDim elements. Zhang and Sennrich 2019, arXiv:1910.07467.
     *
     * @param x          rows of n
     * @param gain       (n), any computable type
     * @param eps        added to the mean
     * @param unitOffset whether g is 1 + gain (Gemma) instead of gain
     * @param y          like x; may be x
     */
    void rmsNorm(Tensor x, Tensor gain, float eps, boolean unitOffset, Tensor y);

    /**
     * y = (x - mean) / sqrt(variance + eps) gain over rows of gain's length, without bias.
     *
     * @param x    rows of n
     * @param gain (n), any computable type
     * @param eps  added to the variance
     * @param y    like x; may be x
     */
    void layerNorm(Tensor x, Tensor gain, float eps, Tensor y);

    /**
     * Turns the first 2 half elements of every head, in place, half being the tables' columns: (a, b) becomes
     * (a cos - b sin, b cos + a sin). Su et al. 2021, arXiv:2104.09864.
     *
     * @param x         (t, heads headDim)
     * @param headDim   elements of a head
     * @param cos       (positions, half) F32; scaling of any kind is in the tables
     * @param sin       like cos
     * @param positions of x's rows: which row of the tables; as many as x has rows are read
     * @param style     which elements are a pair
     */
    void rope(Tensor x, int headDim, Tensor cos, Tensor sin, int[] positions, RopeStyle style);

    /**
     * y = exp(x - max) / sum over rows.
     *
     * @param x (t, n)
     * @param y like x; may be x
     */
    void softmax(Tensor x, Tensor y);

    /**
     * Causal attention, key by block of keys, no score kept. Bits do not depend on where a sequence's rows lie, nor on how many
     * of its queries share a call.
     *
     * @param q         (rows, heads headDim)
     * @param k         (key rows, kvHeads headDim)
     * @param v         like k
     * @param sequences which rows belong together
     * @param spec      heads, scale, window, cap
     * @param out       like q; not an input. Rows outside of all sequences keep their values
     */
    void attention(Tensor q, Tensor k, Tensor v, Sequences sequences, AttentionSpec spec, Tensor out);

    /**
     * y = activation(gate) up.
     *
     * @param activation SwiGLU's or GeGLU's
     * @param gate       any shape
     * @param up         like gate
     * @param y          like gate; may be either
     */
    void gate(Activation activation, Tensor gate, Tensor up, Tensor y);

    /**
     * y = a + scale b, in one fused step.
     *
     * @param a     any shape
     * @param b     like a
     * @param scale 1 for a residual
     * @param y     like a; may be either
     */
    void add(Tensor a, Tensor b, float scale, Tensor y);

    /**
     * y = scale x.
     *
     * @param x     any shape
     * @param scale factor
     * @param y     like x; may be x
     */
    void scale(Tensor x, float scale, Tensor y);

    /**
     * y = cap tanh(x / cap).
     *
     * @param x   any shape
     * @param cap over 0
     * @param y   like x; may be x
     */
    void softCap(Tensor x, float cap, Tensor y);

    /**
     * The index of each row's largest element, the first of equals; NaN is never it.
     *
     * @param x    (t, n)
     * @param best receives t of them
     */
    void argmax(Tensor x, int[] best);

    /**
     * Losses of next tokens, from hidden states, a part of the vocabulary at a time: the logits
     * z = cap tanh(logitScale hidden head^T / cap) never exist as a whole.
     *
     * @param hidden       (t, n)
     * @param head         (vocabulary, n); F32, BF16 or F16
     * @param logitScale   1, or Cohere's
     * @param softCap      Gemma 2's final cap; 0 for none
     * @param targets      t ids; a negative one gives loss 0
     * @param loss         (t): log sum exp(z) - z[target]
     * @param logSumExp    (t): log sum exp(z)
     * @param best         receives the index of each row's largest logit, the first of equals; or null
     */
    void crossEntropy(Tensor hidden, Tensor head, float logitScale, float softCap, int[] targets, Tensor loss, Tensor logSumExp, int[] best);

    /** {@return the backward pass, on the same workers and as long as these are open; {@link io.graft.engine.kernel.backward.Gradients} calls it} */
    BackwardKernels backward();

    /** Ends the workers and frees the scratch memory, after the operation that runs. Closing twice does nothing. */
    @Override
    void close();
}
