package io.graft.engine.kernel.vector;

import io.graft.engine.RequestException;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.kernel.host.HostKernels;
import java.util.ArrayList;
import java.util.List;
import jdk.incubator.vector.VectorShape;

/** The first class that needs the Vector API: checks the width that was asked for. */
final class Opener {

    private Opener() {}

    static Kernels open(int threads) {
        String asked = System.getProperty("graft.vector.bits");
        List<String> possible = new ArrayList<>();
        for (int bits = 128; bits <= Math.max(128, VectorShape.preferredShape().vectorBitSize()); bits *= 2) possible.add(Integer.toString(bits));
        if (asked != null && !possible.contains(asked)) throw new RequestException("-Dgraft.vector.bits", "no such vector width here", possible, asked);
        String how = Memory.RAW ? "raw addresses" : "checked segments, which are slower: add --enable-native-access=" + moduleName();
        return new HostKernels("vector, " + Memory.SPECIES.vectorBitSize() + " bits, " + how, new VectorArithmetic(), threads);
    }

    private static String moduleName() {
        Module module = Opener.class.getModule();
        return module.isNamed() ? module.getName() : "ALL-UNNAMED";
    }
}
