package io.graft.merge.world;

/** The six sets of problems that everybody is asked. */
public enum ProblemSet {
    /** English, small numbers. */
    EN_SMALL(Language.ENGLISH, Scope.CORE, Size.SMALL),
    /** English, large numbers. */
    EN_LARGE(Language.ENGLISH, Scope.CORE, Size.LARGE),
    /** Invented language, core words, small numbers: the same stories as {@link #EN_SMALL}. */
    CORE_SMALL(Language.INVENTED, Scope.CORE, Size.SMALL),
    /** Core words, large numbers: the same stories as {@link #EN_LARGE}. */
    CORE_LARGE(Language.INVENTED, Scope.CORE, Size.LARGE),
    /** New words, small numbers: nobody but the language expert has read these words. */
    NEW_SMALL(Language.INVENTED, Scope.NEW, Size.SMALL),
    /** New words, large numbers: what neither expert was taught. */
    NEW_LARGE(Language.INVENTED, Scope.NEW, Size.LARGE);

    final Language language;
    final Scope scope;
    final Size size;

    ProblemSet(Language language, Scope scope, Size size) {
        this.language = language;
        this.scope = scope;
        this.size = size;
    }

    /** {@return its name in files, such as {@code new_large}} */
    public String key() { return name().toLowerCase(java.util.Locale.ROOT); }
}
