package io.graft.engine.train;

import io.graft.engine.kernel.Sequences;
import java.util.ArrayList;
import java.util.List;

/**
 * Texts to learn from, packed one behind the other without padding: each sees itself only, and its positions start at 0. A padded
 * batch and a packed row are the same to it.
 */
public final class TrainBatch {

    /** The label of a token that is not learned. */
    public static final int IGNORED = -100;

    private final List<int[]> texts = new ArrayList<>();
    private final List<int[]> labels = new ArrayList<>();
    private int rows;
    private int counted;

    /** An empty batch. */
    public TrainBatch() {}

    /**
     * Adds a text.
     *
     * @param ids      its tokens, one or more
     * @param unshifted for every token the label that the position BEFORE it is to predict, or {@link #IGNORED}; the first is never used
     * @return this
     */
    public TrainBatch add(int[] ids, int[] unshifted) {
        if (ids.length == 0 || ids.length != unshifted.length)
            throw new IllegalArgumentException("a text to learn; expected tokens and as many labels, found " + ids.length + " and " + unshifted.length);
        texts.add(ids);
        labels.add(unshifted);
        rows += ids.length;
        for (int i = 1; i < unshifted.length; i++)
            if (unshifted[i] >= 0) counted++;
        return this;
    }

    /** {@return how many tokens it has} */
    public int rows() { return rows; }

    /** {@return how many of them predict something that is learned} */
    public int counted() { return counted; }

    int[] ids() {
        int[] all = new int[rows];
        int at = 0;
        for (int[] text : texts) {
            System.arraycopy(text, 0, all, at, text.length);
            at += text.length;
        }
        return all;
    }

    /** What every row is to predict: the next token's label; −1 for none. */
    int[] targets() {
        int[] all = new int[rows];
        int at = 0;
        for (int[] label : labels) {
            for (int i = 0; i + 1 < label.length; i++) all[at + i] = label[i + 1] >= 0 ? label[i + 1] : -1;
            all[at + label.length - 1] = -1;
            at += label.length;
        }
        return all;
    }

    int[] positions() {
        int[] all = new int[rows];
        int at = 0;
        for (int[] text : texts)
            for (int i = 0; i < text.length; i++) all[at++] = i;
        return all;
    }

    Sequences sequences() {
        Sequences sequences = new Sequences();
        int at = 0;
        for (int[] text : texts) {
            sequences.add(at, text.length, at, text.length);
            at += text.length;
        }
        return sequences;
    }

    int longest() { return texts.stream().mapToInt(text -> text.length).max().orElse(0); }
}
