package io.graft.merge.run;

/**
 * What a merge did.
 *
 * @param tensors       of the output
 * @param copiedTensors those whose bytes are an input's
 * @param bytes         of the output's tensors
 * @param copiedBytes   those that the kernel copied
 * @param readBytes     read from inputs in order to compute, slerp's first pass too
 * @param files         safetensors files written
 * @param seconds       from layout to the final rename
 * @param syncSeconds   of these, bringing everything to the disk and renaming
 * @param threads       that worked
 * @param scratchBytes  native memory used by them
 */
public record MergeSummary(int tensors, int copiedTensors, long bytes, long copiedBytes, long readBytes, int files, double seconds, double syncSeconds, int threads, long scratchBytes) {

    /** {@return bytes of the output that were computed} */
    public long computedBytes() { return bytes - copiedBytes; }

    /** {@return bytes of the output a second} */
    public double bytesPerSecond() { return bytes / Math.max(seconds, 1e-9); }
}
