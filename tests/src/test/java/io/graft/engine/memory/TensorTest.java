package io.graft.engine.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class TensorTest {

    @Test
    void rowsAreAViewOfTheSameBytes() {
        try (Tensor tensor = Tensor.allocate("t", DType.F32, Shape.of(3, 5))) {
            tensor.segment().setAtIndex(ValueLayout.JAVA_FLOAT, 7, 2.5f);
            Tensor row = tensor.rows(1, 1);
            assertEquals(Shape.of(1, 5), row.shape());
            assertEquals(2.5f, row.segment().getAtIndex(ValueLayout.JAVA_FLOAT, 2));
        }
    }

    @Test
    void aClosedTensorIsAnExceptionBeforeAnyByteIsTouched() {
        Tensor tensor = Tensor.allocate("t", DType.F32, Shape.of(4));
        tensor.close();
        assertThrows(IllegalStateException.class, tensor::acquire);
        assertThrows(IllegalStateException.class, () -> tensor.segment().get(ValueLayout.JAVA_FLOAT, 0));
    }

    @Test
    void aTensorClosedInUseIsFreedByItsLastUser() {
        Tensor tensor = Tensor.allocate("t", DType.F32, Shape.of(4));
        long live = Owner.liveBytes();
        tensor.acquire();
        tensor.close();
        assertEquals(live, Owner.liveBytes());
        tensor.release();
        assertEquals(live - 16, Owner.liveBytes());
    }
}
