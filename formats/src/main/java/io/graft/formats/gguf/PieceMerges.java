package io.graft.formats.gguf;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/**
 * The merges of a SentencePiece BPE, which its file does not hold: SentencePiece joins whatever two neighbours make the piece of
 * the highest score. So every way to cut a piece into two pieces is a merge of that piece's score, and the scores give the order.
 */
final class PieceMerges {

    private PieceMerges() {}

    /**
     * A merge.
     *
     * @param left  its first part
     * @param right its second part
     * @param score of the piece that they make
     */
    record Merge(String left, String right, double score) {}

    /**
     * All merges, the first to apply first.
     *
     * @param tokens the pieces by id
     * @param scores theirs
     * @param type   of an id, as in {@link GgufTokenizer}: only normal pieces are made by merging
     * @return the merges; equal scores stand in the order of the parts' ids
     */
    static List<Merge> of(List<String> tokens, GgufValue.Numbers scores, IntUnaryOperator type) {
        Map<String, Integer> ids = new HashMap<>();
        for (int id = 0; id < tokens.size(); id++) if (type.applyAsInt(id) == GgufTokenizer.NORMAL) ids.put(tokens.get(id), id);
        List<Merge> merges = new ArrayList<>();
        for (int id = 0; id < tokens.size(); id++) {
            if (type.applyAsInt(id) != GgufTokenizer.NORMAL || tokens.get(id).isEmpty()) continue;
            String piece = tokens.get(id);
            for (int cut = piece.offsetByCodePoints(0, 1); cut < piece.length(); cut = piece.offsetByCodePoints(cut, 1)) {
                String left = piece.substring(0, cut), right = piece.substring(cut);
                if (ids.containsKey(left) && ids.containsKey(right)) merges.add(new Merge(left, right, scores.real(id)));
            }
        }
        merges.sort(Comparator.comparingDouble(Merge::score).reversed().thenComparing(merge -> ids.get(merge.left)).thenComparing(merge -> ids.get(merge.right)));
        return merges;
    }
}
