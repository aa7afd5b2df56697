package io.graft.merge.cli;

import picocli.CommandLine.IVersionProvider;

/** What {@code graft --version} prints: version, JDK, kernels. */
final class Version implements IVersionProvider {

    /** Kept equal to the version in pom.xml by a test. */
    static final String NUMBER = "0.1.0";

    @Override
    public String[] getVersion() {
        return new String[] {
            "graft " + NUMBER,
            "JDK " + Runtime.version() + " (" + System.getProperty("java.vendor") + "), " + System.getProperty("os.name") + " " + System.getProperty("os.arch")
                    + ", " + Runtime.getRuntime().availableProcessors() + " processors",
            "kernels: " + (canVector() ? "vector where a command computes (--kernels scalar chooses the portable ones)" : "scalar; this JDK has no module jdk.incubator.vector"),
        };
    }

    /** Whether the JDK has the module; commands that compute nothing start without it. */
    private static boolean canVector() { return java.lang.module.ModuleFinder.ofSystem().find("jdk.incubator.vector").isPresent(); }
}
