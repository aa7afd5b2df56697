package io.graft.merge.method;

import io.graft.merge.method.Arithmetic.Operands;

/**
 * What must be known of whole tensors before one of their elements can be computed, found in passes. A pass looks at every
 * element once, in chunks of a fixed number of elements, whatever the threads and the memory; chunks come from many threads in
 * any order, each whole from one of them.
 */
public interface Reducer {

    /** {@return how many passes there may be} */
    int passes();

    /**
     * Whether a pass has anything to do; asked when the passes before it have ended.
     *
     * @param pass  its number
     * @param chunk the number of the chunk
     * @return whether that chunk must be looked at
     */
    boolean isNeeded(int pass, long chunk);

    /** {@return elements of a chunk} */
    long chunk();

    /**
     * Looks at a block of a chunk.
     *
     * @param pass     the pass
     * @param operands the block's inputs
     * @param in       the thread's registers, which keep what the chunk comes to
     * @param elements in the block
     * @param index    of its first element: in the tensor, or among all tensors that are reduced together
     */
    void block(int pass, Operands operands, Registers in, int elements, long index);

    /**
     * Takes what a chunk came to out of the registers.
     *
     * @param pass  the pass
     * @param chunk the number of the chunk
     * @param in    the thread's registers
     */
    void chunkDone(int pass, long chunk, Registers in);

    /**
     * Ends a pass, when all chunks are done; the caller sees to it that what other threads did is seen.
     *
     * @param pass the pass
     */
    void passDone(int pass);
}
