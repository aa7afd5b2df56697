package io.graft.formats.model;

/** A model lent to one or many who close what they use: it stays open, and its owner closes it. */
public final class BorrowedModel extends ModelView {

    /**
     * Lends it.
     *
     * @param model the model
     */
    public BorrowedModel(ModelSource model) { super(model); }

    @Override
    public void close() {
        // Its owner closes it.
    }
}
