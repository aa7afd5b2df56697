package io.graft.formats.tokenizer;

/** What turns the pieces of a text into ids. Immutable; safe for many threads. */
interface Model {

    /**
     * Appends the ids of one piece.
     *
     * @param pieces the text
     * @param start  where the piece begins in it
     * @param end    where it ends
     * @param out    takes the ids and their offsets
     */
    void encode(Pieces pieces, int start, int end, Ids out);

    /** The id of a token of the model's vocabulary, or -1. */
    int idOf(String token);

    /** The token of an id, or null. */
    String tokenOf(int id);

    /** One more than the largest id. */
    int size();
}
