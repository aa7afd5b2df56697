/** Recipes, merge methods, plans, runs and analysis of Graft, and its command line. */
module io.graft.merge {
    requires transitive io.graft.engine;
    requires transitive io.graft.formats;
    requires org.yaml.snakeyaml;
    requires static jdk.jfr;
    requires static info.picocli;
    requires static me.tongfei.progressbar;
    requires static com.samskivert.jmustache;

    exports io.graft.merge;
    exports io.graft.merge.analysis;
    exports io.graft.merge.convert;
    exports io.graft.merge.eval;
    exports io.graft.merge.experiment;
    exports io.graft.merge.method;
    exports io.graft.merge.plan;
    exports io.graft.merge.run;
    exports io.graft.merge.recipe;
    exports io.graft.merge.train;
    exports io.graft.merge.yaml;
    exports io.graft.merge.search;
    exports io.graft.merge.world;

    opens io.graft.merge.cli to info.picocli;

}
