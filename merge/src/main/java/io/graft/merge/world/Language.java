package io.graft.merge.world;

/** The two languages. They share numbers and signs, and no word. */
public enum Language {
    /** Who has what comes before how it changes: {@code Ann has 8 cups}. */
    ENGLISH,
    /** The verb comes first: {@code pilo Shudu chiga 8}. */
    INVENTED;

    /** {@return the other one} */
    Language other() { return this == ENGLISH ? INVENTED : ENGLISH; }
}
