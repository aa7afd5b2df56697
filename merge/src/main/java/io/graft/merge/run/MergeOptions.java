package io.graft.merge.run;

import java.util.function.LongConsumer;

/**
 * How to run a merge; the result's bytes depend on {@link #shardBytes} alone. Start from {@link #defaults}.
 *
 * @param threads        threads that read, compute and write, 1 or more
 * @param writeThreads   how many of them may write at once; 0 for all
 * @param memoryBytes    native scratch at most, all threads together
 * @param shardBytes     size of an output file at most, where its tensors allow
 * @param force          whether an output folder that is not empty is replaced
 * @param copyTokenizer  whether tokenizer and chat template files are copied
 * @param writeModelCard whether README.md and mergekit_config.yml are written
 * @param progress       told the bytes of the output that are done since its last call, from any thread; null for nobody
 * @param cancellation   asks it to stop; null for nobody
 * @param phase          told what begins, from the calling thread; null for nobody
 */
public record MergeOptions(int threads, int writeThreads, long memoryBytes, long shardBytes, boolean force, boolean copyTokenizer, boolean writeModelCard,
        LongConsumer progress, Cancellation cancellation, java.util.function.Consumer<Phase> phase) {

    /** Native scratch by default: 128 MB. */
    public static final long DEFAULT_MEMORY = 128_000_000;

    /** An output file by default: 5 GB. */
    public static final long DEFAULT_SHARD = 5_000_000_000L;

    /** What a merge is doing. */
    public enum Phase {
        /** Output files are laid out and begun. */
        LAYOUT,
        /** Tensors are read, computed and written. */
        TENSORS,
        /** Configuration, tokenizer and model card are written. */
        SIDE_FILES,
        /** Everything is brought to the disk, then the folder gets its name. */
        COMMIT,
        /** The folder stands under its name. */
        DONE
    }

    /** Checks the numbers. */
    public MergeOptions {
        if (threads < 1) throw new IllegalArgumentException("threads " + threads);
        if (writeThreads < 0) throw new IllegalArgumentException("writeThreads " + writeThreads);
        if (shardBytes < 1) throw new IllegalArgumentException("shardBytes " + shardBytes);
    }

    /** {@return all cores, 128 MB, 5 GB a file, tokenizer and model card, no --force} */
    public static MergeOptions defaults() {
        return new MergeOptions(Runtime.getRuntime().availableProcessors(), 0, DEFAULT_MEMORY, DEFAULT_SHARD, false, true, true, null, null, null);
    }

    /**
     * With another number of threads.
     *
     * @param number 1 or more
     * @return a copy
     */
    public MergeOptions withThreads(int number) {
        return new MergeOptions(number, writeThreads, memoryBytes, shardBytes, force, copyTokenizer, writeModelCard, progress, cancellation, phase);
    }

    /**
     * With another number of threads that may write at once.
     *
     * @param number 0 for all
     * @return a copy
     */
    public MergeOptions withWriteThreads(int number) {
        return new MergeOptions(threads, number, memoryBytes, shardBytes, force, copyTokenizer, writeModelCard, progress, cancellation, phase);
    }

    /**
     * With another bound of native memory.
     *
     * @param bytes of scratch
     * @return a copy
     */
    public MergeOptions withMemory(long bytes) {
        return new MergeOptions(threads, writeThreads, bytes, shardBytes, force, copyTokenizer, writeModelCard, progress, cancellation, phase);
    }

    /**
     * With another size of files.
     *
     * @param bytes of a file at most
     * @return a copy
     */
    public MergeOptions withShards(long bytes) {
        return new MergeOptions(threads, writeThreads, memoryBytes, bytes, force, copyTokenizer, writeModelCard, progress, cancellation, phase);
    }

    /**
     * With or without replacing what is there.
     *
     * @param replace whether to
     * @return a copy
     */
    public MergeOptions withForce(boolean replace) {
        return new MergeOptions(threads, writeThreads, memoryBytes, shardBytes, replace, copyTokenizer, writeModelCard, progress, cancellation, phase);
    }

    /**
     * With or without side files.
     *
     * @param tokenizer whether tokenizer files are copied
     * @param card      whether the model card and the recipe are written
     * @return a copy
     */
    public MergeOptions withSideFiles(boolean tokenizer, boolean card) {
        return new MergeOptions(threads, writeThreads, memoryBytes, shardBytes, force, tokenizer, card, progress, cancellation, phase);
    }

    /**
     * With somebody who watches.
     *
     * @param bytes    told of bytes done; may be null
     * @param phases   told what begins; may be null
     * @param stopping asks it to stop; may be null
     * @return a copy
     */
    public MergeOptions watched(LongConsumer bytes, java.util.function.Consumer<Phase> phases, Cancellation stopping) {
        return new MergeOptions(threads, writeThreads, memoryBytes, shardBytes, force, copyTokenizer, writeModelCard, bytes, stopping, phases);
    }
}
