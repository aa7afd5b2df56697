package io.graft.tests.arch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.tests.Fixtures;
import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every exported type, method, parameter and result has its Javadoc: javac's own checker says so. */
class JavadocTest {

    @TempDir
    Path scratch;

    @Test
    void ofTheEngine() throws IOException { assertEquals("", missing("engine")); }

    @Test
    void ofTheFormats() throws IOException { assertEquals("", missing("formats")); }

    @Test
    void ofMerging() throws IOException { assertEquals("", missing("merge")); }

    private String missing(String module) throws IOException {
        List<Path> sources;
        try (Stream<Path> tree = Files.walk(Fixtures.repository().resolve(module + "/src/main/java"))) {
            sources = tree.filter(path -> path.toString().endsWith(".java") && !path.endsWith("module-info.java")).toList();
        }
        assertTrue(sources.size() > 3, "no sources of " + module);
        String exported = ModuleFinder.of(ArchitectureTest.output(module)).find("io.graft." + module).orElseThrow().descriptor().exports().stream()
                .filter(exports -> !exports.isQualified()).map(ModuleDescriptor.Exports::source).collect(Collectors.joining(","));
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(found, Locale.ROOT, null)) {
            List<String> options = List.of("-d", scratch.toString(), "-proc:none", "--add-modules", "jdk.incubator.vector", "-cp", System.getProperty("java.class.path"),
                    "-Xdoclint:missing/protected", "-Xdoclint/package:" + exported, "-Xmaxwarns", "1000", "-Xmaxerrs", "1000");
            compiler.getTask(null, files, found, options, null, files.getJavaFileObjectsFromPaths(sources)).call();
        }
        return found.getDiagnostics().stream().filter(each -> each.getCode().startsWith("compiler.warn.proc") || each.getCode().contains("doc") || each.getKind() == Diagnostic.Kind.ERROR)
                .map(each -> at(each) + each.getMessage(Locale.ROOT)).collect(Collectors.joining("\n"));
    }

    private static String at(Diagnostic<? extends JavaFileObject> each) {
        return each.getSource() == null ? "" : new File(each.getSource().getName()).getName() + ":" + each.getLineNumber() + ": ";
    }
}
