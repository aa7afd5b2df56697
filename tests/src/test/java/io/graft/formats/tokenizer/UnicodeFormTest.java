package io.graft.formats.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.text.Normalizer.Form;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class UnicodeFormTest {

    /**
     * Every code point in five surroundings, in blocks of 4096. The digests (SHA-256, 8 bytes) are of what tokenizers 0.23.3
     * makes of the same text. A JDK with newer Unicode data fails here by block: its new code points belong into the lists.
     */
    @Test
    void everyCodePointIsNormalisedAsByTheTokenizersLibrary() throws IOException, NoSuchAlgorithmException {
        List<String> expected;
        try (InputStream in = getClass().getResourceAsStream("/unicode/normal-forms.txt")) {
            expected = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        }
        assertEquals(2 * 0x110, expected.size());
        List<String> found = new ArrayList<>();
        for (Form form : List.of(Form.NFC, Form.NFKC)) {
            for (int block = 0; block < 0x110000; block += 0x1000) {
                byte[] digest = MessageDigest.getInstance("SHA-256").digest(normalized(form, surroundings(block)).getBytes(StandardCharsets.UTF_8));
                found.add(form + " " + Integer.toHexString(block) + " " + HexFormat.of().formatHex(digest, 0, 8));
            }
        }
        assertEquals(expected, found);
    }

    private static String surroundings(int block) {
        StringBuilder text = new StringBuilder();
        for (int c = block; c < block + 0x1000; c++) {
            if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) continue;
            String letter = Character.toString(c);
            text.append(letter).append("\nA\u0301").append(letter).append("\n\u0915\u093C").append(letter).append("\u0301\n").append(letter).append("\u0327\u0301\u0323\n\u1100").append(letter).append("\u11A8\n");
        }
        return text.toString();
    }

    private static String normalized(Form form, String text) {
        Pieces pieces = new UnicodeForm(form).apply(Pieces.of(text));
        return new String(pieces.text, 0, pieces.length);
    }

    /** The long way (marks brought in order first) gives what the short way gives, on runs around the border. */
    @Test
    void longRunsOfMarksAreNormalisedAsShortOnes() {
        int[] marks = {0x301, 0x323, 0x327, 0x345, 0x334, 0x93C, 0x344, 0x5B0, 0x9BE, 0x300, 0x20D0, 0x309A};
        SplittableRandom random = new SplittableRandom(7);
        for (int length = 40; length < 70; length++) {
            StringBuilder text = new StringBuilder("e");
            for (int i = 0; i < length; i++) text.appendCodePoint(marks[random.nextInt(marks.length)]);
            for (Form form : List.of(Form.NFC, Form.NFD, Form.NFKC))
                assertEquals(java.text.Normalizer.normalize(text, form), normalized(form, text.toString()), form + " of " + length);
        }
    }

    /** Two classes of marks by turns: by insertion, 400,000 of them take minutes. */
    @Test
    void manyMarksTakeNoQuadraticTime() {
        String text = "a" + "\u0301\u0323".repeat(200_000);
        String result = assertTimeoutPreemptively(Duration.ofSeconds(60), () -> normalized(Form.NFC, text));
        assertTrue(result.startsWith("\u1EA1\u0323\u0323") && result.endsWith("\u0301\u0301"));
        assertEquals(400_000, result.length());
    }

    @Test
    void aComposedLetterStandsForItsBaseAndMarksKeepTheirPlaces() {
        Pieces pieces = new UnicodeForm(Form.NFC).apply(Pieces.of("xe\u0301y\u0958z"));
        assertEquals("x\u00E9y\u0915\u093Cz", new String(pieces.text, 0, pieces.length));
        List<String> ranges = new ArrayList<>();
        for (int i = 0; i < pieces.length; i++) ranges.add(pieces.from(i) + "-" + pieces.to(i));
        assertEquals(List.of("0-1", "1-2", "3-4", "4-5", "4-5", "5-6"), ranges);
    }
}
