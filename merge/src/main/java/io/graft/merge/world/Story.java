package io.graft.merge.world;

import io.graft.merge.world.Lexicon.Small;
import io.graft.merge.world.Lexicon.Word;
import java.util.List;

/**
 * What happens: somebody has things, and then more or fewer of them.
 *
 * @param lexicon its words
 * @param name    place of the person
 * @param noun    place of the things
 * @param gain    whether they become more
 * @param verb    place of the verb among those of its kind
 * @param first   how many there are at first, 1 to 20
 * @param second  how many come or go, 1 to 20; of those that go no more than there are
 */
record Story(Lexicon lexicon, int name, int noun, boolean gain, int verb, int first, int second) {

    /** A story in this many is kept for evaluation: nobody is ever taught its problem, in neither language. */
    private static final int KEPT = 8;

    /** Any story within a scope and a size, gain and loss as likely. */
    static Story draw(Lexicon lexicon, Scope scope, Size size, Dice dice) {
        int name = scope.draw(dice, lexicon.name().size()), noun = scope.draw(dice, lexicon.noun().size());
        boolean gain = dice.coin();
        int verb = scope.draw(dice, gain ? lexicon.gain().size() : lexicon.lose().size()), first, second;
        do {
            first = 1 + dice.roll(size.most());
            second = 1 + dice.roll(gain ? size.most() : first);
        } while (!size.has(first, second));
        return new Story(lexicon, name, noun, gain, verb, first, second);
    }

    /** {@return whether its problem is for evaluation only} */
    boolean isKept() {
        long hash = Dice.mix(name);
        for (int each : new int[] {noun, gain ? 1 : 0, verb, first, second}) hash = Dice.mix(hash * 31 + each);
        return Long.remainderUnsigned(hash, KEPT) == 0;
    }

    /** {@return how many there are in the end} */
    int result() { return gain ? first + second : first - second; }

    private Word verbWord() { return (gain ? lexicon.gain() : lexicon.lose()).get(verb); }

    private Word nameWord() { return lexicon.name().get(name); }

    private Word nounWord() { return lexicon.noun().get(noun); }

    /** The two sentences by the grammar of a language, in words that a tongue chooses. */
    String sentences(Language grammar, Tongue tongue) {
        return sentence(grammar, tongue, lexicon.word(Small.HAS), first) + " " + sentence(grammar, tongue, verbWord(), second);
    }

    private String sentence(Language grammar, Tongue tongue, Word verb, int number) {
        return grammar == Language.ENGLISH ? tongue.say(nameWord()) + " " + tongue.say(verb) + " " + number + " " + tongue.say(nounWord()) + " ."
                : tongue.say(verb) + " " + tongue.say(nameWord()) + " " + tongue.say(nounWord()) + " " + number + " .";
    }

    /** What it comes to: {@code now Ann has fewer cups .} */
    String comparison(Tongue tongue) {
        return String.join(" ", tongue.say(lexicon.word(Small.NOW)), tongue.say(nameWord()), tongue.say(lexicon.word(Small.HAS)), tongue.say(change()), tongue.say(nounWord()), ".");
    }

    private Word change() { return lexicon.word(gain ? Small.MORE : Small.FEWER); }

    /** What can be asked of a story. */
    enum Ask {
        /** {@code how-many ?}: the one that must be computed. */
        HOW_MANY(Small.HOW_MANY),
        /** {@code who ?} */
        WHO(Small.WHO),
        /** {@code what ?} */
        WHAT(Small.WHAT),
        /** {@code how-many at-first ?} */
        AT_FIRST(Small.HOW_MANY, Small.AT_FIRST),
        /** {@code which ?}, more or fewer. */
        WHICH(Small.WHICH);

        /** Those whose answer can be read off. */
        static final List<Ask> RETRIEVAL = List.of(WHO, WHAT, AT_FIRST, WHICH);

        final Small[] words;

        Ask(Small... words) { this.words = words; }
    }

    String question(Ask ask, Tongue tongue) {
        StringBuilder text = new StringBuilder();
        for (Small each : ask.words) text.append(tongue.say(lexicon.word(each))).append(' ');
        return text.append('?').toString();
    }

    /** The answer, up to its full stop. */
    String answer(Ask ask, Tongue tongue) {
        return switch (ask) {
            case HOW_MANY -> equation();
            case WHO -> tongue.say(nameWord()) + " .";
            case WHAT -> tongue.say(nounWord()) + " .";
            case AT_FIRST -> first + " .";
            case WHICH -> tongue.say(change()) + " .";
        };
    }

    /** {@code 8 - 3 = 5 .} */
    String equation() { return first + (gain ? " + " : " - ") + second + " = " + result() + " ."; }

    /** Chooses the language of every word. */
    @FunctionalInterface
    interface Tongue {

        String say(Word word);

        static Tongue of(Language language) { return word -> word.in(language); }

        /** Each word in either language, as a coin falls. */
        static Tongue switching(Dice dice) { return word -> word.in(dice.coin() ? Language.ENGLISH : Language.INVENTED); }
    }
}
