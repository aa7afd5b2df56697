package io.graft.merge.world;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The words of both languages: place for place one means the other. The first half of every list is the core of the invented language.
 *
 * @param gain  verbs after which somebody has more
 * @param lose  verbs after which somebody has fewer
 * @param noun  things, in the plural
 * @param name  people
 * @param small the words between them, in the order of {@link Small}
 */
public record Lexicon(List<Word> gain, List<Word> lose, List<Word> noun, List<Word> name, List<Word> small) {

    /**
     * A word in both languages.
     *
     * @param english  in English
     * @param invented in the other
     */
    public record Word(String english, String invented) {

        /** {@return it in a language} */
        String in(Language language) { return language == Language.ENGLISH ? english : invented; }
    }

    /** The words that every text needs; none of them is new to the base. */
    enum Small { HAS, NOW, MORE, FEWER, HOW_MANY, WHO, WHAT, WHICH, AT_FIRST }

    /** 24 verbs of gain, 24 of loss, 24 nouns, 12 names, 9 small words. */
    private static final String ENGLISH = """
            gets buys finds wins earns picks gathers collects receives takes catches borrows makes bakes grows adds gains
            saves digs draws builds sews steals inherits loses sells eats drops gives breaks spends burns throws lends
            mails wastes donates returns leaves forgets hides pays shares tears melts crushes discards misplaces apples
            books coins eggs shells stamps pens cups hats keys roses stones cards fish nuts bells ropes lamps maps plums
            boxes spoons kites drums Ann Ben Cara Dan Eve Finn Gus Hana Ivo Jill Kim Leo has now more fewer how-many who
            what which at-first""";
    /** The same in the language that the shipped base has read. */
    private static final String INVENTED = """
            dojubi yedo fafe fochu wude bero vaza kefeza gupa shishuji shushodu yangu pewu nemini wemu yebi zuyuwu vongu
            nubu sakeke shugi bayoke lime ngigolu jave siyu bivi vongi givo suzongi lugi ngego judaji zabu yungi mume
            chowusi mikisha buyo garopo dida sowidi ngiva wona mifo zini bani sajiwi pegeze boto keza mefi lasu gokechu
            ngono chiga pemi bedebe gozu fuche wefange penguso jiwe liweni jushisa jefechi guwe voshu fongoga jayi yabi
            ninge Shudu Zange Vingume Fasheya Vifeki Vojo Fike Yasa Gigafo Yotu Niji Chuvu pilo nule leji miche sechi
            mingi fovu tisa sivu""";
    private static final int VERBS = 24, NOUNS = 24, NAMES = 12;
    private static final String[] ONSETS = "b ch d f g j k l m n ng p s sh v w y z".split(" "), VOWELS = "a e i o u".split(" ");

    /** {@return the lexicon of the base that comes with Graft} */
    public static Lexicon standard() { return of(List.of(INVENTED.split("\\s+"))); }

    /**
     * A lexicon with other invented words of two or three open syllables, no two alike. A model reads words by their place, so it cannot tell one
     * lexicon from another; people can.
     *
     * @param seed of the words
     * @return the lexicon
     */
    public static Lexicon invent(long seed) {
        Dice dice = new Dice(seed, "lexicon");
        Set<String> words = new LinkedHashSet<>(), english = Set.of(ENGLISH.split("\\s+"));
        int count = english.size(), names = 2 * VERBS + NOUNS;
        while (words.size() < count) {
            StringBuilder word = new StringBuilder();
            for (int syllables = dice.roll(2) + 2; syllables > 0; syllables--) word.append(ONSETS[dice.roll(ONSETS.length)]).append(VOWELS[dice.roll(VOWELS.length)]);
            boolean name = words.size() >= names && words.size() < names + NAMES;
            if (name) word.setCharAt(0, Character.toUpperCase(word.charAt(0)));
            if (!english.contains(word.toString())) words.add(word.toString());
        }
        return of(new ArrayList<>(words));
    }

    private static Lexicon of(List<String> invented) {
        String[] english = ENGLISH.split("\\s+");
        List<Word> all = new ArrayList<>();
        for (int i = 0; i < english.length; i++) all.add(new Word(english[i], invented.get(i)));
        int lose = VERBS, noun = 2 * VERBS, name = noun + NOUNS, small = name + NAMES;
        return new Lexicon(List.copyOf(all.subList(0, lose)), List.copyOf(all.subList(lose, noun)), List.copyOf(all.subList(noun, name)), List.copyOf(all.subList(name, small)),
                List.copyOf(all.subList(small, all.size())));
    }

    /** One of the small words. */
    Word word(Small which) { return small.get(which.ordinal()); }

    /** {@return all of them, in the order of the vocabulary} */
    public List<Word> words() {
        List<Word> all = new ArrayList<>();
        for (List<Word> list : List.of(gain, lose, noun, name, small)) all.addAll(list);
        return Collections.unmodifiableList(all);
    }
}
