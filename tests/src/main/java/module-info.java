/** The property kit: arbitraries of dtypes, shapes, checkpoints and recipes, for Graft's tests and yours. */
module io.graft.tests {
    requires transitive io.graft.merge;
    requires transitive net.jqwik.api;

    exports io.graft.tests.kit;
}
