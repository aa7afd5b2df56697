package io.graft.merge.world;

import io.graft.merge.world.Story.Ask;
import io.graft.merge.world.Story.Tongue;

/** The kinds of text there are. Only of a problem the answer alone is learned, of the others every word. */
public enum TextKind {
    /** Two sentences, then what they come to: {@code Ann has 8 cups . Ann loses 3 cups . now Ann has fewer cups .} */
    NARRATIVE,
    /** Two sentences and a question whose answer can be read off: {@code ... who ? <answer> Ann .} */
    QUESTION,
    /** Two sentences and any question in one language, {@code <translate>}, the same in the other; from either language. */
    TRANSLATION,
    /** A narrative or a question by the grammar of either language, each word in either. */
    SWITCHED,
    /** {@code 17 + 5 = 22 .} */
    EQUATION,
    /** {@code ... how-many ? <answer> 8 - 3 = 5 .} */
    PROBLEM;

    static final String START = "<bos>", ANSWER = "<answer>", TRANSLATE = "<translate>";

    /** A text of this kind. */
    Line line(Lexicon lexicon, Language language, Scope scope, Size size, Dice dice) {
        Story story = Story.draw(lexicon, scope, size, dice);
        Tongue tongue = Tongue.of(language);
        return switch (this) {
            case NARRATIVE -> new Line("", narrative(story, language, tongue));
            case QUESTION -> new Line("", question(story, retrieval(dice), language, tongue));
            case TRANSLATION -> new Line("", translation(story, dice));
            case SWITCHED -> {
                Language grammar = dice.coin() ? Language.ENGLISH : Language.INVENTED;
                boolean narrative = dice.coin();
                Ask ask = retrieval(dice);
                Tongue mixed = Tongue.switching(dice);
                yield new Line("", narrative ? narrative(story, grammar, mixed) : question(story, ask, grammar, mixed));
            }
            case EQUATION -> new Line("", START + " " + story.equation());
            case PROBLEM -> {
                while (story.isKept()) story = Story.draw(lexicon, scope, size, dice);
                yield new Line(problem(story, language), " " + story.equation());
            }
        };
    }

    private static Ask retrieval(Dice dice) { return Ask.RETRIEVAL.get(dice.roll(Ask.RETRIEVAL.size())); }

    private static String narrative(Story story, Language grammar, Tongue tongue) { return START + " " + story.sentences(grammar, tongue) + " " + story.comparison(tongue); }

    private static String question(Story story, Ask ask, Language grammar, Tongue tongue) {
        return String.join(" ", START, story.sentences(grammar, tongue), story.question(ask, tongue), ANSWER, story.answer(ask, tongue));
    }

    private static String translation(Story story, Dice dice) {
        Ask ask = Ask.values()[dice.roll(Ask.values().length)];
        Language from = dice.coin() ? Language.ENGLISH : Language.INVENTED, to = from.other();
        return String.join(" ", START, story.sentences(from, Tongue.of(from)), story.question(ask, Tongue.of(from)), TRANSLATE, story.sentences(to, Tongue.of(to)), story.question(ask, Tongue.of(to)));
    }

    /** A problem up to where its answer begins. */
    static String problem(Story story, Language language) {
        Tongue tongue = Tongue.of(language);
        return String.join(" ", START, story.sentences(language, tongue), story.question(Ask.HOW_MANY, tongue), ANSWER);
    }
}
