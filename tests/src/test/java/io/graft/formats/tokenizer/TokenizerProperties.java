package io.graft.formats.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What holds for any text. */
class TokenizerProperties {

    /** Any UTF-16, unpaired surrogates too, with what tokenizers are sensitive to in between. */
    @Provide
    Arbitrary<String> texts() {
        Arbitrary<String> any = Arbitraries.strings().ofMaxLength(12);
        Arbitrary<String> units = Arbitraries.chars().range('\uD7F0', '\uE010').array(char[].class).ofMaxSize(4).map(String::new);
        Arbitrary<String> known = Arbitraries.of("<|im_start|>", "<|endoftext|>", "[L]", "[R]", "[LR]", " ", "    ", "\n", "\r\n", "'s", "'RE", "123", "caf\u00E9", "mipira", "e\u0301", "\u0995\u09CD\u09B7", "\u3042", "\uD83D\uDE00", "\0", "\u00A0", "<0x0A>", "\u2581");
        return Arbitraries.oneOf(any, units, known).list().ofMaxSize(8).map(parts -> String.join("", parts));
    }

    @Provide
    Arbitrary<String> kinds() { return Arbitraries.of(Golden.KINDS); }

    /** But for added tokens that strip white space, and for one with a letter that the byte alphabet reads as another byte. */
    @Property(tries = 400)
    void aByteLevelTokenizerGivesTheTextBack(@ForAll("texts") String text) {
        String whole = paired(text).replaceAll("\\[L?R?]|<\\|[a-z_]*\\|>|caf\u00E9", "");
        Tokenizer tokenizer = Golden.tokenizer("llama3");
        assertEquals(whole, tokenizer.decode(tokenizer.ids(whole, false), false));
    }

    private static String paired(String text) {
        StringBuilder out = new StringBuilder();
        text.codePoints().forEach(c -> out.appendCodePoint(c >= 0xD800 && c <= 0xDFFF ? 0xFFFD : c));
        return out.toString();
    }

    @Property(tries = 800)
    void unpairedSurrogatesCountAsReplacementCharacters(@ForAll("texts") String text, @ForAll("kinds") String kind) {
        Tokenizer tokenizer = Golden.tokenizer(kind);
        assertArrayEquals(tokenizer.ids(paired(text), false), tokenizer.ids(text, false));
    }

    @Property(tries = 800)
    void offsetsNeverGoBackAndStayInTheText(@ForAll("texts") String text, @ForAll("kinds") String kind) {
        Encoding encoding = Golden.tokenizer(kind).encode(text.replaceAll("\\[L?R?]", ""), false);
        int last = 0, end = text.codePointCount(0, text.length());
        for (int i = 0; i < encoding.length(); i++) {
            assertTrue(encoding.starts()[i] >= last, "token " + i + " begins at " + encoding.starts()[i] + " after " + last);
            assertTrue(encoding.ends()[i] >= encoding.starts()[i] && encoding.ends()[i] <= end);
            last = encoding.starts()[i];
        }
    }

    /** What a stream gives is what decoding at once gives, whatever the ids, but for runs of bytes that turn out invalid. */
    @Property(tries = 800)
    void aStreamGivesTheWholeText(@ForAll("texts") String text, @ForAll("kinds") String kind) {
        Tokenizer tokenizer = Golden.tokenizer(kind);
        int[] ids = tokenizer.ids(text, false);
        StreamDecoder stream = tokenizer.stream(false);
        StringBuilder all = new StringBuilder();
        for (int id : ids) all.append(stream.push(id));
        assertEquals(tokenizer.decode(ids, false), all.append(stream.finish()).toString());
    }

    /** Whatever ids come, a stream ends and gives what comes after the invalid part. */
    @Property(tries = 400)
    void aStreamSurvivesAnyIds(@ForAll int[] numbers, @ForAll("kinds") String kind) {
        Tokenizer tokenizer = Golden.tokenizer(kind);
        StreamDecoder stream = tokenizer.stream(true);
        for (int number : numbers) stream.push(number);
        stream.finish();
        StringBuilder clean = new StringBuilder();
        int[] after = tokenizer.ids("abc", false);
        for (int id : after) clean.append(stream.push(id));
        assertEquals(tokenizer.decode(after, true), clean.append(stream.finish()).toString());
    }
}
