package io.graft.tests.kit;

import io.graft.engine.memory.DType;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;

/** Arbitraries of element types. */
public final class Dtypes {

    private Dtypes() {}

    /** {@return any dtype of safetensors} */
    public static Arbitrary<DType> any() { return Arbitraries.of(DType.values()); }

    /** {@return F32, BF16 or F16} */
    public static Arbitrary<DType> computable() { return Arbitraries.of(DType.F32, DType.BF16, DType.F16); }
}
