package io.graft.merge.search;

/**
 * The three models that a merge is looked for among, as model arguments.
 *
 * @param base     what both experts come from
 * @param math     the expert of the task
 * @param language the expert of the language
 */
public record Experts(String base, String math, String language) {

    /** {@return the argument of a model} */
    String of(int model) { return model == 0 ? base : model == 1 ? math : language; }
}
