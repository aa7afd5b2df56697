package io.graft.formats.tokenizer;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A tokenizer of Hugging Face's {@code tokenizer.json}: ids, offsets and text as the tokenizers library gives them.
 *
 * <p>Immutable once read, without a cache: any number of threads may use one. An encoding takes time in proportion to its
 * text, whatever the text (byte-pair merges of one long word: n log n).
 */
public final class Tokenizer {

    private final String where;
    private final Model model;
    private final Normalizers.Step normalizer, preTokenizer;
    private final PostProcessors.Step postProcessor;
    private final Decoders.Step decoder;
    private final AddedTokens.Matcher raw, normalized;
    private final Map<String, Integer> addedIds = new HashMap<>();
    /** Spelled as they stand in the normalised text, which is how the library prints them. */
    private final Map<Integer, String> addedTokens = new HashMap<>();
    private final Set<String> special = new HashSet<>();
    private final int size;
    private final SpecialTokens roles;

    private Tokenizer(String where, JsonObject root, TokenizerFiles files) {
        this.where = where;
        TokenizerReader reader = new TokenizerReader(where);
        model = reader.model(root);
        normalizer = reader.normalizer(root);
        preTokenizer = reader.preTokenizer(root);
        decoder = reader.decoder(root);
        postProcessor = reader.postProcessor(root, this::idToToken);
        List<AddedTokens.Token> added = reader.added(root, model);
        int most = model.size();
        for (AddedTokens.Token token : added) {
            addedIds.putIfAbsent(token.content(), token.id());
            addedTokens.putIfAbsent(token.id(), token.normalized() ? normalizedText(token.content()) : token.content());
            if (token.special()) special.add(token.content());
            most = Math.max(most, token.id() + 1);
        }
        size = most;
        // Special ones first, as the library adds them: the first of two with one content wins.
        List<AddedTokens.Token> ordered = new ArrayList<>(added.stream().filter(AddedTokens.Token::special).toList());
        added.stream().filter(token -> !token.special()).forEach(ordered::add);
        List<AddedTokens.Token> asWritten = ordered.stream().filter(token -> !token.normalized()).toList();
        List<AddedTokens.Token> asNormalized = ordered.stream().filter(AddedTokens.Token::normalized).toList();
        raw = new AddedTokens.Matcher(asWritten, asWritten.stream().map(AddedTokens.Token::content).toList());
        normalized = new AddedTokens.Matcher(asNormalized, asNormalized.stream().map(token -> normalizedText(token.content())).toList());
        roles = files == null ? SpecialTokens.NONE : SpecialTokens.read(files, this);
    }

    private String normalizedText(String text) {
        Pieces pieces = normalizer.apply(Pieces.of(text));
        return new String(pieces.text, 0, pieces.length);
    }

    /**
     * Reads the tokenizer of a model's folder: {@code tokenizer.json}, and beside it {@code tokenizer_config.json} and
     * {@code generation_config.json} where they exist.
     *
     * @param folder the folder
     * @return its tokenizer
     * @throws RequestException if there is none, it is not valid, or it has a component that is not known here
     */
    public static Tokenizer fromFolder(Path folder) { return from(TokenizerFiles.of(folder)); }

    /**
     * Reads a model's tokenizer.
     *
     * @param files where its files come from
     * @return its tokenizer
     * @throws RequestException as for {@link #fromFolder}
     */
    public static Tokenizer from(TokenizerFiles files) { return read(files.path("tokenizer.json"), files.object("tokenizer.json"), files); }

    /**
     * Takes a tokenizer out of a JSON tree.
     *
     * @param where what errors call it, such as a file
     * @param root  the tree of a {@code tokenizer.json}
     * @return the tokenizer; no token has a role
     * @throws RequestException if it is not valid, or has a component that is not known here
     */
    public static Tokenizer fromJson(String where, JsonObject root) { return read(where, root, null); }

    private static Tokenizer read(String where, JsonObject root, TokenizerFiles files) {
        try {
            return new Tokenizer(where, root, files);
        } catch (IllegalStateException | UnsupportedOperationException | ClassCastException otherType) {
            throw new RequestException(where, "a component has another JSON type than it should: " + otherType.getMessage());
        }
    }

    /**
     * The ids of a text.
     *
     * @param text       any text; unpaired surrogates count as U+FFFD
     * @param addSpecial whether the template's tokens are added; special tokens written in the text are found either way
     * @return its ids and offsets
     * @throws RequestException if a word has no id, or a split pattern of the file is too slow on this text
     */
    public Encoding encode(String text, boolean addSpecial) { return finish(List.of(PostProcessors.Part.of(ids(text), 0)), addSpecial); }

    /**
     * The ids of a pair of texts. Offsets of each are in its own text.
     *
     * @param text       the first
     * @param pair       the second
     * @param addSpecial whether the template's tokens are added
     * @return their ids, offsets and type ids
     * @throws RequestException as for one text
     */
    public Encoding encodePair(String text, String pair, boolean addSpecial) {
        return finish(List.of(PostProcessors.Part.of(ids(text), 0), PostProcessors.Part.of(ids(pair), 1)), addSpecial);
    }

    /**
     * The ids of a text, without their spelling and offsets.
     *
     * @param text       any text
     * @param addSpecial whether the template's tokens are added
     * @return its ids
     * @throws RequestException as for {@link #encode}
     */
    public int[] ids(String text, boolean addSpecial) {
        int[][] parts = postProcessor.apply(List.of(PostProcessors.Part.of(ids(text), 0)), addSpecial).stream().map(PostProcessors.Part::ids).toArray(int[][]::new);
        return parts.length == 1 ? parts[0] : Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
    }

    private Ids ids(String text) {
        Pieces pieces = Pieces.of(text);
        pieces.settle(raw);
        pieces = normalizer.apply(pieces);
        pieces.settle(normalized);
        pieces = preTokenizer.apply(pieces);
        Ids ids = new Ids(pieces.length / 3 + 16);
        for (int i = 0; i < pieces.count(); i++) {
            int start = pieces.start(i), end = pieces.end(i), token = pieces.token(i);
            if (token < 0) {
                model.encode(pieces, start, end, ids);
                continue;
            }
            ids.add(token, pieces.from(start), pieces.to(end - 1));
            String written = new String(pieces.text, start, end - start);
            if (!written.equals(idToToken(token))) ids.spelled(written);
        }
        return ids;
    }

    private Encoding finish(List<PostProcessors.Part> parts, boolean addSpecial) {
        List<PostProcessors.Part> all = postProcessor.apply(parts, addSpecial);
        int count = 0;
        for (PostProcessors.Part part : all) count += part.ids().length;
        int[] ids = new int[count], starts = new int[count], ends = new int[count], types = new int[count];
        String[] tokens = new String[count];
        int at = 0;
        for (PostProcessors.Part part : all) {
            int n = part.ids().length;
            System.arraycopy(part.ids(), 0, ids, at, n);
            System.arraycopy(part.starts(), 0, starts, at, n);
            System.arraycopy(part.ends(), 0, ends, at, n);
            Arrays.fill(types, at, at + n, part.type());
            for (int i = 0; i < n; i++) {
                String spelling = part.spellings().get(i);
                tokens[at + i] = spelling != null ? spelling : idToToken(ids[at + i]);
            }
            at += n;
        }
        return new Encoding(ids, Arrays.asList(tokens), starts, ends, types);
    }

    /**
     * The text of ids. Ids that the vocabulary lacks are left out; bytes that are no UTF-8 give U+FFFD.
     *
     * @param ids         the ids
     * @param skipSpecial whether special tokens are left out
     * @return their text
     */
    public String decode(int[] ids, boolean skipSpecial) { return decode(ids, 0, ids.length, skipSpecial); }

    String decode(int[] ids, int from, int to, boolean skipSpecial) {
        List<String> tokens = new ArrayList<>(to - from);
        for (int i = from; i < to; i++) {
            String token = idToToken(ids[i]);
            if (token != null && !(skipSpecial && special.contains(token))) tokens.add(token);
        }
        return String.join("", decoder.apply(tokens));
    }

    /**
     * A decoder that is fed one id at a time.
     *
     * @param skipSpecial whether special tokens are left out
     * @return a new one, for one thread
     */
    public StreamDecoder stream(boolean skipSpecial) { return new StreamDecoder(this, skipSpecial); }

    /**
     * The id of a token.
     *
     * @param token as the vocabulary spells it
     * @return its id, or -1 where there is none
     */
    public int tokenToId(String token) {
        Integer added = addedIds.get(token);
        return added != null ? added : model.idOf(token);
    }

    /**
     * The token of an id.
     *
     * @param id any number
     * @return as the vocabulary spells it, or null where there is none
     */
    public String idToToken(int id) {
        String added = addedTokens.get(id);
        return added != null ? added : model.tokenOf(id);
    }

    /** {@return one more than the largest id} */
    public int vocabularySize() { return size; }

    /**
     * Whether a token is special: left out of text where special tokens are skipped.
     *
     * @param id any number
     * @return whether it is
     */
    public boolean isSpecial(int id) {
        String token = idToToken(id);
        return token != null && special.contains(token);
    }

    /** {@return the tokens with a role, by the files beside tokenizer.json} */
    public SpecialTokens roles() { return roles; }

    @Override
    public String toString() { return "tokenizer " + where + " of " + size + " ids"; }
}
