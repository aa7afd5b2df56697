package io.graft.formats.tokenizer;

import java.util.Arrays;
import java.util.List;

/** Tokens that are cut out of the text before anything else: the leftmost, then the longest. */
final class AddedTokens {

    /** One of the list {@code added_tokens}. */
    record Token(int id, String content, boolean singleWord, boolean lstrip, boolean rstrip, boolean normalized, boolean special) {}

    /** Takes the parts of a text; {@code token} is below 0 for what lies between tokens. */
    interface Parts {
        void add(int start, int end, int token);
    }

    private AddedTokens() {}

    /** Finds a set of tokens. Immutable once built. */
    static final class Matcher {

        private final Node root = new Node();
        /** Which ASCII characters begin a token, so that most positions cost one load. */
        private final boolean[] ascii = new boolean[128];
        private final boolean beyondAscii;

        /**
         * Builds a matcher.
         *
         * @param tokens   the tokens
         * @param contents what each looks like in the text that is searched; the first of equals wins
         */
        Matcher(List<Token> tokens, List<String> contents) {
            boolean beyond = false;
            for (int i = 0; i < tokens.size(); i++) {
                int[] points = contents.get(i).codePoints().toArray();
                if (points.length == 0) continue;
                Node node = root;
                for (int point : points) node = node.child(point);
                if (node.token == null) node.token = tokens.get(i);
                if (points[0] < 128) ascii[points[0]] = true;
                else beyond = true;
            }
            beyondAscii = beyond;
        }

        boolean isEmpty() { return root.size == 0; }

        /**
         * Cuts a text.
         *
         * <p>The search goes on after the token itself, even where stripping has taken more: a token written in white space
         * that was stripped before it is found again, as in the tokenizers library.
         */
        void match(int[] text, int start, int end, Parts parts) {
            int done = start;
            for (int at = start; at < end; ) {
                int first = text[at];
                if (first < 128 ? !ascii[first] : !beyondAscii) {
                    at++;
                    continue;
                }
                Token token = null;
                int stop = at;
                Node node = root;
                for (int i = at; i < end && (node = node.find(text[i])) != null; i++) {
                    if (node.token != null) {
                        token = node.token;
                        stop = i + 1;
                    }
                }
                if (token == null) {
                    at++;
                    continue;
                }
                int begin = at;
                at = stop;
                if (token.singleWord && (begin > start && Letters.isWord(text[begin - 1]) || stop < end && Letters.isWord(text[stop]))) continue;
                if (token.lstrip) {
                    while (begin > done && Letters.isSpace(text[begin - 1])) begin--;
                }
                if (token.rstrip) {
                    while (stop < end && Letters.isSpace(text[stop])) stop++;
                }
                if (done < begin) parts.add(done, begin, -1);
                parts.add(begin, stop, token.id);
                done = stop;
            }
            if (done < end) parts.add(done, end, -1);
        }
    }

    /** A node of the tree of contents. Few have more than one child, so they are searched in a row. */
    private static final class Node {

        private int[] points = new int[1];
        private Node[] children = new Node[1];
        private int size;
        private Token token;

        Node find(int point) {
            for (int i = 0; i < size; i++)
                if (points[i] == point) return children[i];
            return null;
        }

        Node child(int point) {
            Node known = find(point);
            if (known != null) return known;
            if (size == points.length) {
                points = Arrays.copyOf(points, size * 2);
                children = Arrays.copyOf(children, size * 2);
            }
            points[size] = point;
            return children[size++] = new Node();
        }
    }
}
