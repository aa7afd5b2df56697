/** Benchmarks of Graft. JMH forks its own JVMs, so they run on the class path. */
module io.graft.bench {
    requires io.graft.merge;
    requires jmh.core;
    requires java.management;
    requires jdk.incubator.vector;
}
