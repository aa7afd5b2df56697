package io.graft.merge.world;

/** Which words of the lexicon a text may have. */
public enum Scope {
    /** The first half of every list: the words of the invented language that the base has seen. */
    CORE,
    /** The second half: those it has never seen. */
    NEW,
    /** All of them. */
    ALL;

    /** A place in a list of so many words. */
    int draw(Dice dice, int words) {
        int half = words / 2;
        return switch (this) {
            case CORE -> dice.roll(half);
            case NEW -> half + dice.roll(words - half);
            case ALL -> dice.roll(words);
        };
    }
}
