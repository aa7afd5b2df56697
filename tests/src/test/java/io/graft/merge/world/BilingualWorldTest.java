package io.graft.merge.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.formats.examples.Example;
import io.graft.formats.examples.ExampleReader;
import io.graft.formats.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BilingualWorldTest {

    private static final int LINES = 20_000;
    private static final Pattern PROBLEM = Pattern.compile("(how-many|sechi) \\? <answer> (\\d+) ([+-]) (\\d+) = (\\d+) \\.");

    private final BilingualWorld world = new BilingualWorld(0);

    /** The texts are part of what makes the shipped base reproducible: whoever changes them ships another. */
    @Test
    void theTextsOfASeedNeverChange() throws NoSuchAlgorithmException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (Curriculum each : Curriculum.values()) for (Line line : world.training(each, 1000)) digest.update((line.json() + "\n").getBytes(StandardCharsets.UTF_8));
        for (ProblemSet set : ProblemSet.values()) for (Problem each : world.problems(set, 200)) digest.update((each.json() + "\n").getBytes(StandardCharsets.UTF_8));
        assertEquals(PINNED, HexFormat.of().formatHex(digest.digest()));
    }

    private static final String PINNED = "af135d6c16be6fbb6b3a7af1146ec1b110509d0bd78e206cb1b6f8a752cb3b28";

    @Test
    void aLongerStreamBeginsWithTheShorterAndOtherSeedsAndPurposesDiffer() {
        List<Line> some = world.training(Curriculum.BASE, 100);
        assertEquals(some, world.training(Curriculum.BASE, 500).subList(0, 100));
        assertFalse(some.equals(new BilingualWorld(1).training(Curriculum.BASE, 100)));
        assertFalse(some.equals(world.validation(Curriculum.BASE, 100)));
        assertFalse(some.equals(world.calibration(Curriculum.BASE, 100)));
    }

    @Test
    void theFilesAreThoseOfTheModelsThatComeAlong() throws IOException {
        for (String name : List.of("config.json", "tokenizer.json", "generation_config.json")) assertEquals(resource(name), world.sideFiles().get(name), name);
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = BilingualWorld.class.getResourceAsStream("/io/graft/demo/" + name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Every word of every text has a token, and what is learned is all of a text but of a problem, of which it is the answer. */
    @Test
    void everyLineIsReadWordByWord(@TempDir Path folder) {
        WorldTraining.writeSideFiles(world, folder);
        ExampleReader reader = new ExampleReader(Tokenizer.fromFolder(folder), null, 128);
        for (Curriculum each : Curriculum.values()) {
            for (Line line : world.training(each, 2000)) {
                Example example = reader.parse("line", line.json());
                String text = line.text();
                int words = text.split(" ").length, added = text.endsWith(".") ? 0 : 1; // a translation ends in a question, and gets its full stop
                assertEquals(words + added, example.ids().length, text);
                assertEquals(1, example.ids()[0], text);
                for (int id : example.ids()) assertTrue(id > 0, text);
                assertEquals(line.prompt().isEmpty() ? words - 1 + added : line.completion().strip().split(" ").length, example.counted(), text);
            }
        }
    }

    /** What the expert of words and the base must not have seen: a problem of the invented language above 9, or with a new word; and of the base a new word at all. */
    @Test
    void nobodyIsTaughtWhatIsAsked() {
        Set<String> fresh = new HashSet<>();
        Lexicon lexicon = world.lexicon();
        for (List<Lexicon.Word> list : List.of(lexicon.gain(), lexicon.lose(), lexicon.noun(), lexicon.name())) for (Lexicon.Word word : list.subList(list.size() / 2, list.size())) fresh.add(word.invented());
        for (Curriculum each : Curriculum.values()) {
            for (Line line : world.training(each, LINES)) {
                String text = line.text();
                boolean hasFresh = List.of(text.split(" ")).stream().anyMatch(fresh::contains);
                if (each == Curriculum.BASE || each == Curriculum.MATH) assertFalse(hasFresh, text);
                Matcher problem = PROBLEM.matcher(text);
                if (!problem.find()) continue;
                assertFalse(each == Curriculum.LANGUAGE, text);
                int first = Integer.parseInt(problem.group(2)), second = Integer.parseInt(problem.group(4));
                assertEquals(problem.group(3).equals("+") ? first + second : first - second, Integer.parseInt(problem.group(5)), text);
                if (!problem.group(1).equals("sechi")) continue;
                assertTrue(each == Curriculum.BASE && first <= 9 && second <= 9 && !hasFresh, text);
            }
        }
    }

    @Test
    void noProblemOfTheEvaluationIsTaughtInEitherLanguage() {
        Set<String> asked = new HashSet<>();
        for (ProblemSet set : ProblemSet.values()) {
            List<Problem> problems = world.problems(set, 300);
            assertEquals(300, problems.stream().map(Problem::prompt).distinct().count());
            for (Problem each : problems) {
                assertTrue(set.size.has(Integer.parseInt(each.gold().split(" ")[0]), Integer.parseInt(each.gold().split(" ")[2])), each.prompt());
                asked.add(each.prompt());
            }
        }
        for (Curriculum each : Curriculum.values()) for (Line line : world.training(each, LINES)) assertFalse(asked.contains(line.prompt()), line.prompt());
    }

    @Test
    void theCoreSetsTellTheStoriesOfTheEnglishOnes() {
        List<String> english = world.problems(ProblemSet.EN_LARGE, 50).stream().map(Problem::gold).toList();
        assertEquals(english, world.problems(ProblemSet.CORE_LARGE, 50).stream().map(Problem::gold).toList());
    }

    /** Kinds come in their shares: 12 of 102 lines of the base are equations, with a deviation of 0.23 percent in 20,000. */
    @Test
    void sharesAreThoseOfTheTable() {
        long equations = world.training(Curriculum.BASE, LINES).stream().filter(line -> line.text().matches("<bos> \\d+ [+-] \\d+ = \\d+ \\.")).count();
        assertEquals(12 / 102.0, equations / (double) LINES, 0.01);
        long problems = world.training(Curriculum.MATH, LINES).stream().filter(line -> !line.prompt().isEmpty()).count();
        assertEquals(0.7, problems / (double) LINES, 0.015);
    }

    @Test
    void inventedWordsAreDifferentFromAllOthers() {
        for (long seed = 0; seed < 20; seed++) {
            List<Lexicon.Word> words = Lexicon.invent(seed).words();
            Set<String> all = new HashSet<>(words.stream().map(Lexicon.Word::english).collect(Collectors.toSet()));
            for (Lexicon.Word word : words) assertTrue(all.add(word.invented()), word.invented());
            assertEquals(Lexicon.standard().words().size(), words.size());
        }
    }

    @Test
    void numbersOfADieAreEven() {
        Dice dice = new Dice(7, "test");
        int[] counts = new int[20];
        for (int i = 0; i < 200_000; i++) counts[dice.roll(20)]++;
        List<Integer> odd = new ArrayList<>();
        // Each is binomial: mean 10,000, deviation 97; six deviations.
        for (int count : counts) if (Math.abs(count - 10_000) > 585) odd.add(count);
        assertEquals(List.of(), odd);
    }
}
