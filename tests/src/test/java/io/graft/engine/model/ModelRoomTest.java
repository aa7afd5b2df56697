package io.graft.engine.model;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.graft.tests.Fixtures;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** Models touch no element: whatever computes, a GPU too, keeps tensors where it likes. */
class ModelRoomTest {

    @Test
    void modelsAndGenerationReachNoMemory() {
        JavaClasses engine = new ClassFileImporter().importPath(Fixtures.repository().resolve("engine/target/classes"));
        assertTrue(engine.contain(Forward.class), "the classes were read");
        noClasses().that().resideInAnyPackage("io.graft.engine.model..", "io.graft.engine.generate..")
                .should().dependOnClassesThat().areAssignableTo(MemorySegment.class).check(engine);
    }
}
