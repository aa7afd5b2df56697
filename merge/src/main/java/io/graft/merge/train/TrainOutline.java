package io.graft.merge.train;

import java.util.List;

/**
 * What a training will do, before it does it.
 *
 * @param model        the model's name
 * @param parameters   elements of all its weights
 * @param trained      elements of those that are trained
 * @param groups       the trained ones, by part and module
 * @param steps        steps in all
 * @param parts        what is learned, a line for each part
 * @param validation   the validation data; null for none
 * @param rowsPerStep  rows of a step
 * @param tokensPerStep mean number of tokens of a step
 * @param memory       what it takes, by what it is for
 * @param flopsPerStep multiplications and additions of a step's matrix products
 */
public record TrainOutline(String model, long parameters, long trained, List<Group> groups, int steps, List<Data> parts, Data validation, int rowsPerStep, double tokensPerStep,
        List<Bytes> memory, double flopsPerStep) {

    /**
     * Weights that are trained.
     *
     * @param part     of a partition, from 0
     * @param module   such as {@code self_attn.q_proj}
     * @param tensors  how many
     * @param elements of them together
     */
    public record Group(int part, String module, int tensors, long elements) {}

    /**
     * Examples.
     *
     * @param examples  how many there are
     * @param tokens    in them, cut ones not counted
     * @param cut       examples that were too long
     * @param cutTokens tokens that were cut off them
     * @param empty     examples left out since nothing of them is learned, because it was cut off or never there
     * @param longest   tokens of the longest
     */
    public record Data(long examples, long tokens, long cut, long cutTokens, long empty, int longest) {}

    /**
     * Memory.
     *
     * @param what  it is for
     * @param bytes how many
     */
    public record Bytes(String what, long bytes) {}

    /** {@return all memory together} */
    public long bytes() { return memory.stream().mapToLong(Bytes::bytes).sum(); }
}
