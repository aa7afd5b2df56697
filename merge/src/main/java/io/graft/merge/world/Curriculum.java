package io.graft.merge.world;

import static io.graft.merge.world.Language.ENGLISH;
import static io.graft.merge.world.Language.INVENTED;
import static io.graft.merge.world.TextKind.EQUATION;
import static io.graft.merge.world.TextKind.NARRATIVE;
import static io.graft.merge.world.TextKind.PROBLEM;
import static io.graft.merge.world.TextKind.QUESTION;
import static io.graft.merge.world.TextKind.SWITCHED;
import static io.graft.merge.world.TextKind.TRANSLATION;

import java.util.List;

/** What somebody is taught, and how much of it. */
public enum Curriculum {
    /** Both languages, the invented one's core only, and problems with small numbers. */
    BASE(new Part(13, NARRATIVE, ENGLISH, Scope.ALL, Size.ANY), new Part(8, NARRATIVE, INVENTED, Scope.CORE, Size.ANY), new Part(12, SWITCHED, ENGLISH, Scope.CORE, Size.ANY),
            new Part(17, TRANSLATION, ENGLISH, Scope.CORE, Size.ANY), new Part(10, QUESTION, ENGLISH, Scope.ALL, Size.ANY), new Part(6, QUESTION, INVENTED, Scope.CORE, Size.ANY),
            new Part(12, EQUATION, ENGLISH, Scope.ALL, Size.ANY), new Part(16, PROBLEM, ENGLISH, Scope.ALL, Size.SMALL), new Part(8, PROBLEM, INVENTED, Scope.CORE, Size.SMALL)),
    /** Problems of all sizes, in English only. */
    MATH(new Part(70, PROBLEM, ENGLISH, Scope.ALL, Size.ANY), new Part(30, EQUATION, ENGLISH, Scope.ALL, Size.ANY)),
    /** All words of the invented language, and no problem. */
    LANGUAGE(new Part(30, NARRATIVE, INVENTED, Scope.ALL, Size.ANY), new Part(40, QUESTION, INVENTED, Scope.ALL, Size.ANY), new Part(30, TRANSLATION, INVENTED, Scope.ALL, Size.ANY)),
    /** Half of each expert's. */
    MIXED(new Part(35, PROBLEM, ENGLISH, Scope.ALL, Size.ANY), new Part(15, EQUATION, ENGLISH, Scope.ALL, Size.ANY), new Part(15, NARRATIVE, INVENTED, Scope.ALL, Size.ANY),
            new Part(20, QUESTION, INVENTED, Scope.ALL, Size.ANY), new Part(15, TRANSLATION, INVENTED, Scope.ALL, Size.ANY));

    /** Texts of one kind; {@code share} is relative to the others. */
    record Part(int share, TextKind kind, Language language, Scope scope, Size size) {}

    private final List<Part> parts;
    private final int shares;

    Curriculum(Part... parts) {
        this.parts = List.of(parts);
        this.shares = this.parts.stream().mapToInt(Part::share).sum();
    }

    /** One of its texts. */
    Line line(Lexicon lexicon, Dice dice) {
        int at = dice.roll(shares);
        for (Part part : parts) {
            if (at < part.share) return part.kind.line(lexicon, part.language, part.scope, part.size, dice);
            at -= part.share;
        }
        throw new AssertionError(at);
    }
}
