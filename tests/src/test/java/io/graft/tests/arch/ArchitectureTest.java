package io.graft.tests.arch;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.graft.tests.Fixtures;
import java.lang.foreign.Arena;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The arrows between rooms, and who may touch what. */
class ArchitectureTest {

    private static final JavaClasses GRAFT = new ClassFileImporter().importPaths(
            output("engine"), output("formats"), output("merge"), output("bench"));

    static Path output(String module) { return Fixtures.repository().resolve(module + "/target/classes"); }

    /** A reader of class files that does not know Java 25 imports nothing, and then every rule holds. */
    @Test
    void theClassesHaveBeenRead() {
        for (String known : List.of("io.graft.engine.memory.Tensor", "io.graft.formats.json.Json", "io.graft.merge.cli.Main"))
            assertTrue(GRAFT.contain(known), known + " was not imported");
    }

    @Test
    void arrowsPointOneWay() {
        noClasses().that().resideInAPackage("io.graft.engine..")
                .should().dependOnClassesThat().resideInAnyPackage("io.graft.formats..", "io.graft.merge..", "io.graft.bench..").check(GRAFT);
        noClasses().that().resideInAPackage("io.graft.formats..")
                .should().dependOnClassesThat().resideInAnyPackage("io.graft.merge..", "io.graft.bench..").check(GRAFT);
        noClasses().that().resideInAPackage("io.graft.merge..").should().dependOnClassesThat().resideInAPackage("io.graft.bench..").check(GRAFT);
    }

    @Test
    void theEngineDependsOnTheJdkAlone() {
        assertEquals(Set.of("java.base", "jdk.incubator.vector", "jdk.jfr"), requires("engine"));
        classes().that().resideInAPackage("io.graft.engine..")
                .should().onlyDependOnClassesThat().resideInAnyPackage("io.graft.engine..", "java..", "jdk.incubator.vector..", "jdk.jfr..").check(GRAFT);
    }

    @Test
    void theModulesDependAsTheyShould() {
        assertEquals(Set.of("java.base", "io.graft.engine", "com.google.gson"), requires("formats"));
        Set<String> merge = requires("merge");
        merge.removeAll(Set.of("java.base", "io.graft.engine", "io.graft.formats", "org.yaml.snakeyaml"));
        for (String library : merge) assertTrue(optional("merge", library), library + " must be optional (requires static): only the command line uses it");
    }

    @Test
    void onlyTheCommandLineUsesItsLibraries() {
        noClasses().that().resideOutsideOfPackage("io.graft.merge.cli..")
                .should().dependOnClassesThat().resideInAnyPackage("picocli..", "me.tongfei..", "org.jline..", "com.samskivert..").check(GRAFT);
    }

    @Test
    void vectorClassesStandBehindOneSeam() {
        noClasses().that().resideOutsideOfPackages("io.graft.engine.kernel.vector..", "io.graft.bench..")
                .should().dependOnClassesThat().resideInAPackage("jdk.incubator.vector..").check(GRAFT);
    }

    /** So that the counter of allocations counts all of them. */
    @Test
    void oneClassAllocatesNativeMemory() {
        noClasses().that().doNotHaveFullyQualifiedName("io.graft.engine.memory.Owner").and().resideOutsideOfPackage("io.graft.bench..")
                .should().dependOnClassesThat().areAssignableTo(Arena.class).check(GRAFT);
    }

    @Test
    void nothingButTheCommandLineEndsTheProcess() {
        noClasses().that().resideOutsideOfPackages("io.graft.merge.cli..", "io.graft.bench..")
                .should().callMethod(System.class, "exit", int.class)
                .orShould().callMethod(Runtime.class, "halt", int.class).check(GRAFT);
    }

    private static ModuleDescriptor descriptor(String module) {
        return ModuleFinder.of(output(module)).find("io.graft." + module).orElseThrow().descriptor();
    }

    private static Set<String> requires(String module) {
        Set<String> names = new TreeSet<>();
        for (ModuleDescriptor.Requires each : descriptor(module).requires()) names.add(each.name());
        return names;
    }

    private static boolean optional(String module, String library) {
        return descriptor(module).requires().stream()
                .anyMatch(each -> each.name().equals(library) && each.modifiers().contains(ModuleDescriptor.Requires.Modifier.STATIC));
    }
}
