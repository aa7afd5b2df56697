package io.graft.formats.tokenizer;

import io.graft.engine.RequestException;

/** One id for each piece: the vocabulary's, or that of the unknown token. */
final class WordLevel implements Model {

    private final String where;
    private final Vocabulary vocabulary;
    private final String unknown;

    WordLevel(String where, Vocabulary vocabulary, String unknown) {
        this.where = where;
        this.vocabulary = vocabulary;
        this.unknown = unknown;
    }

    @Override
    public void encode(Pieces pieces, int start, int end, Ids out) {
        String word = new String(pieces.text, start, end - start);
        int id = vocabulary.idOf(word);
        if (id < 0) id = unknown == null ? -1 : vocabulary.idOf(unknown);
        if (id < 0) throw new RequestException(where, "the word \"" + word + "\" is not in the vocabulary, which has no unknown token either", null, null);
        out.add(id, pieces.from(start), pieces.to(end - 1));
    }

    @Override
    public int idOf(String token) { return vocabulary.idOf(token); }

    @Override
    public String tokenOf(int id) { return vocabulary.tokenOf(id); }

    @Override
    public int size() { return vocabulary.size(); }
}
