package io.graft.formats.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import io.graft.tests.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {

    static final List<String> KINDS = Golden.KINDS;

    private static final String WORDS = "\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"<unk>\":0,\"a\":1,\"b\":2,\"c\":3},\"unk_token\":\"<unk>\"}";
    private static final String LETTERS = "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"c\":2,\"ab\":3,\"abc\":4,\" \":5,\"bc\":6,\"?\":7},\"merges\":[\"a b\",[\"ab\",\"c\"],\"b c\"]}";

    private static Tokenizer of(String... components) { return Tokenizer.fromJson("t.json", Json.parse("t.json", "{" + String.join(",", components) + "}").getAsJsonObject()); }

    private static List<String> tokens(Tokenizer tokenizer, String text) { return tokenizer.encode(text, false).tokens(); }

    /** A megabyte of anything is a matter of seconds: quadratic merging or splitting would take hours. */
    @ParameterizedTest
    @FieldSource("KINDS")
    void aMegabyteOfAnythingIsTokenized(String kind) {
        Tokenizer tokenizer = Golden.tokenizer(kind);
        for (String unit : List.of("a", " ", "\n", "'", "!", "7", "\0", "\uD800", "\u0301", "ab", " \n", "\u0915\u094D", "\uD83D\uDE00")) {
            String text = unit.repeat(1_000_000 / unit.length());
            int[] ids = assertTimeoutPreemptively(Duration.ofSeconds(100), () -> tokenizer.ids(text, false), kind + " on " + unit);
            assertTrue(ids.length > 0 && ids.length <= 6_000_000);
        }
    }

    /** The heap and the row of ranks are two ways to one result. */
    @Test
    void longWordsMergeAsShortOnesDo() {
        Tokenizer tokenizer = of(LETTERS);
        for (int n = 1; n < 200; n++) {
            String text = "abcab".repeat(40).substring(0, n);
            int[] expected = naive(text);
            assertArrayEquals(expected, tokenizer.ids(text, false), text);
        }
    }

    /** Byte-pair encoding by its definition, with the merges of LETTERS. */
    private static int[] naive(String text) {
        List<Integer> ids = new ArrayList<>(text.chars().map(c -> c - 'a').boxed().toList());
        int[][] merges = {{0, 1, 3}, {3, 2, 4}, {1, 2, 6}};
        while (true) {
            boolean merged = false;
            for (int[] merge : merges) {
                for (int i = 0; i + 1 < ids.size() && !merged; i++) {
                    if (ids.get(i) != merge[0] || ids.get(i + 1) != merge[1]) continue;
                    ids.set(i, merge[2]);
                    ids.remove(i + 1);
                    merged = true;
                }
                if (merged) break;
            }
            if (!merged) return ids.stream().mapToInt(Integer::intValue).toArray();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', ignoreLeadingAndTrailingWhitespace = false, value = {
        "normalizer|{\"type\":\"BertNormalizer\"}|unknown type BertNormalizer",
        "normalizer|{\"type\":\"Precompiled\"}|unknown type Precompiled",
        "pre_tokenizer|{\"type\":\"UnicodeScripts\"}|unknown type UnicodeScripts",
        "post_processor|{\"type\":\"RobertaProcessing\"}|unknown type RobertaProcessing",
        "decoder|{\"type\":\"WordPiece\"}|unknown type WordPiece",
        "decoder|{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"CTC\"}]}|unknown type CTC",
        "pre_tokenizer|{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(\"},\"behavior\":\"Isolated\"}|cannot be read",
        "pre_tokenizer|{\"type\":\"Split\",\"pattern\":{\"String\":\"x\"},\"behavior\":\"Sideways\"}|unknown behavior",
        "pre_tokenizer|{\"type\":\"Metaspace\",\"replacement\":\"__\"}|one character",
        "pre_tokenizer|[]|another JSON type",
    })
    void whatIsNotKnownIsRefusedByName(String key, String component, String words) {
        RequestException refused = assertThrows(RequestException.class, () -> of("\"" + key + "\":" + component, WORDS));
        assertTrue(refused.getMessage().startsWith("t.json") && refused.getMessage().contains(words), refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"Unigram", "WordPiece"})
    void otherModelsAreRefusedByName(String type) {
        RequestException refused = assertThrows(RequestException.class, () -> of("\"model\":{\"type\":\"" + type + "\",\"vocab\":[]}"));
        assertTrue(refused.getMessage().contains(type), refused.getMessage());
    }

    @Test
    void modelsThatContradictThemselvesAreRefused() {
        for (String model : List.of("{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"a b\"]}", "{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1},\"merges\":[\"a b\"]}",
                "{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":0},\"merges\":[]}", "{\"type\":\"BPE\",\"vocab\":{\"a\":-1},\"merges\":[]}", "{\"type\":\"BPE\",\"vocab\":{\"a\":99999999999},\"merges\":[]}",
                "{\"type\":\"BPE\",\"vocab\":{\"a\":\"x\"},\"merges\":[]}", "{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"aa\"]}", "{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[7]}",
                "{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[],\"end_of_word_suffix\":\"</w>\"}", "{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[],\"dropout\":0.1}"))
            assertThrows(RequestException.class, () -> of("\"model\":" + model), model);
    }

    @Test
    void wordsOutsideTheVocabularyAreUnknown() {
        Tokenizer tokenizer = of("\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"}", WORDS);
        assertArrayEquals(new int[] {1, 0, 3}, tokenizer.ids(" a  x\u00A0c ", false));
        assertEquals("a <unk> c", tokenizer.decode(new int[] {1, 0, 3, 77}, true));
        Tokenizer strict = of("\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":1}}");
        assertThrows(RequestException.class, () -> strict.ids("b", false));
    }

    @Test
    void splitsTreatTheirMatchesAsTheySay() {
        String split = "\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\"?\"},\"behavior\":\"%s\",\"invert\":%s}";
        String text = "a??b?";
        String words = "\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"x\",\"vocab\":{\"x\":0,\"a\":1,\"b\":2,\"?\":3,\"??\":4,\"a?\":5,\"b?\":6,\"?b\":7,\"a??b?\":8}}";
        assertEquals(List.of("a", "b"), tokens(of(split.formatted("Removed", false), words), text));
        assertEquals(List.of("?", "?", "?"), tokens(of(split.formatted("Removed", true), words), text));
        assertEquals(List.of("a", "?", "?", "b", "?"), tokens(of(split.formatted("Isolated", false), words), text));
        assertEquals(List.of("a?", "?", "b?"), tokens(of(split.formatted("MergedWithPrevious", false), words), text));
        assertEquals(List.of("a", "?", "?b", "?"), tokens(of(split.formatted("MergedWithNext", false), words), text));
        assertEquals(List.of("a", "??", "b", "?"), tokens(of(split.formatted("Contiguous", false), words), text));
    }

    /** Any regular expression of a file runs as it does in the library where Java's differs by default. */
    @Test
    void foreignPatternsSeeUnicodeClasses() {
        String regex = "\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"%s\"},\"behavior\":\"Removed\",\"invert\":false}";
        String words = "\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"x\",\"vocab\":{\"x\":0,\"a\":1,\"b\":2}}";
        assertEquals(List.of("a", "b"), tokens(of(regex.formatted("\\\\s+"), words), "a\u2003\u00A0b"));
        assertEquals(List.of("a", "b"), tokens(of(regex.formatted("\\\\d"), words), "a\u09E8b"));
        assertEquals(List.of("a", "b"), tokens(of(regex.formatted("(?i:s)"), words), "a\u017Fb"));
        assertEquals(List.of("a", "b"), tokens(of(regex.formatted("\\\\p{Han}+"), words), "a\u4E2D\u6587b"));
    }

    /** A pattern is input: one that tries everything, or recurses, ends in an error instead of a hang or a crash. */
    @Test
    void aSlowPatternIsAnErrorThatNamesIt() {
        String regex = "\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"%s\"},\"behavior\":\"Isolated\",\"invert\":false}";
        String blanks = " ".repeat(200_000) + "a", letters = "x".repeat(200_000);
        for (String[] pair : new String[][] {{"\\\\s+$", blanks}, {"(\\\\p{L}|\\\\p{M})+", letters}, {"(?:\\\\p{L}|x)+\\\\d", letters}, {"(x+x+)+y", letters}}) {
            Tokenizer tokenizer = of(regex.formatted(pair[0]), LETTERS);
            RequestException refused = assertTimeoutPreemptively(Duration.ofSeconds(60), () -> assertThrows(RequestException.class, () -> tokenizer.ids(pair[1], false)));
            assertTrue(refused.getMessage().contains("pattern"), refused.getMessage());
        }
    }

    @Test
    void normalisersDoWhatTheySay() {
        String sequence = "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFKC\"},{\"type\":\"Lowercase\"},{\"type\":\"Strip\"},{\"type\":\"Replace\",\"pattern\":{\"Regex\":\" +\"},\"content\":\"?\"}]}";
        Encoding encoding = of(sequence, LETTERS).encode(" \uFF21\uFF22   C ", false);
        assertEquals(List.of("ab", "?", "c"), encoding.tokens());
        assertArrayEquals(new int[] {1, 5, 6}, encoding.starts());
        assertArrayEquals(new int[] {3, 6, 7}, encoding.ends());
    }

    @Test
    void punctuationWhitespaceAndDigitsCut() {
        String words = "\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"x\",\"vocab\":{\"x\":0,\"a_1\":1,\"b\":2,\"$!\":3,\"$\":4,\"!\":5,\"a\":6,\"12\":7,\"1\":8,\"2\":9}}";
        assertEquals(List.of("a_1", "$!", "b"), tokens(of("\"pre_tokenizer\":{\"type\":\"Whitespace\"}", words), "a_1 $!b"));
        assertEquals(List.of("b", "$", "!", "b"), tokens(of("\"pre_tokenizer\":{\"type\":\"Punctuation\"}", words), "b$!b"));
        assertEquals(List.of("a", "12", "b"), tokens(of("\"pre_tokenizer\":{\"type\":\"Digits\"}", words), "a12b"));
        assertEquals(List.of("a", "1", "2", "b"), tokens(of("\"pre_tokenizer\":{\"type\":\"Digits\",\"individual_digits\":true}", words), "a12b"));
    }

    @Test
    void invalidBytesGiveOneReplacementForEachMaximalPart() {
        StringBuilder out = new StringBuilder();
        byte[] bytes = {(byte) 0xED, (byte) 0xA0, (byte) 0x80, 'a', (byte) 0xE0, (byte) 0xA4, 'b', (byte) 0xF0, (byte) 0x9F, (byte) 0x98, (byte) 0xC0, (byte) 0x80, (byte) 0xF4, (byte) 0x90, (byte) 0xC3, (byte) 0xA9, (byte) 0xE2};
        assertEquals(false, Utf8.decode(bytes, bytes.length, out));
        assertEquals("\uFFFD\uFFFD\uFFFDa\uFFFDb\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\u00E9\uFFFD", out.toString());
    }

    @Test
    void manyThreadsShareOne() {
        Tokenizer tokenizer = Golden.tokenizer("llama3");
        List<JsonObject> rows = Golden.rows("llama3", "encode.jsonl");
        IntStream.range(0, 8).parallel().forEach(_ -> {
            for (JsonObject row : rows) assertArrayEquals(Golden.ints(row.get("ids")), tokenizer.ids(row.get("text").getAsString(), false));
        });
    }

    @Test
    void rolesComeFromTheFilesBeside(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), "{" + WORDS + "}");
        assertEquals(new SpecialTokens(-1, -1, -1, -1, Set.of()), Tokenizer.fromFolder(folder).roles());
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"bos_token\":{\"content\":\"a\"},\"eos_token\":\"b\",\"pad_token\":null}");
        assertEquals(new SpecialTokens(1, 2, -1, -1, Set.of(2)), Tokenizer.fromFolder(folder).roles());
        Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\":[3,2],\"pad_token_id\":0}");
        assertEquals(new SpecialTokens(1, 2, 0, -1, Set.of(2, 3)), Tokenizer.fromFolder(folder).roles());
        assertThrows(RequestException.class, () -> Tokenizer.fromFolder(folder.resolve("none")));
    }

    /** The tokenizer of the bilingual world is a list of words. */
    @Test
    void theBilingualWorldIsReadWordByWord() {
        Path base = Fixtures.require("models/bilingual-world/base");
        Tokenizer tokenizer = Tokenizer.fromFolder(base);
        JsonElement vocab = Json.readObject(base.resolve("tokenizer.json")).getAsJsonObject("model").get("vocab");
        String[] words = vocab.getAsJsonObject().keySet().stream().limit(50).toArray(String[]::new);
        assertEquals(Arrays.asList(words), tokens(tokenizer, String.join(" ", words)));
        assertEquals(tokenizer.tokenToId("<bos>"), tokenizer.roles().bos());
    }
}
