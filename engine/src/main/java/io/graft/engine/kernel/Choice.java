package io.graft.engine.kernel;

import io.graft.engine.RequestException;
import io.graft.engine.kernel.scalar.ScalarProvider;
import io.graft.engine.kernel.vector.VectorProvider;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicBoolean;

/** Finds the implementations of {@link Kernels} and picks one. */
final class Choice {

    private static final System.Logger LOGGER = System.getLogger("io.graft.engine.kernel");
    private static final AtomicBoolean WARNED = new AtomicBoolean();

    private Choice() {}

    static Kernels open(String asked, int threads) {
        String property = System.getProperty("graft.kernels");
        String forced = asked != null ? asked : property == null || property.isEmpty() ? null : property;
        List<KernelsProvider> providers = providers();
        KernelsProvider chosen = forced == null ? best(providers) : named(providers, forced, asked != null ? "kernels" : "-Dgraft.kernels");
        Kernels kernels = chosen.open(threads == 0 ? Runtime.getRuntime().availableProcessors() : threads);
        LOGGER.log(System.Logger.Level.DEBUG, "kernels: {0}, {1} threads ({2})", kernels.description(), kernels.threads(),
                forced == null ? "the best available here" : "as " + (asked != null ? "asked" : "-Dgraft.kernels says"));
        return kernels;
    }

    private static List<KernelsProvider> providers() {
        List<KernelsProvider> all = new ArrayList<>(List.of(new VectorProvider(), new ScalarProvider()));
        ServiceLoader.load(KernelsProvider.class, Choice.class.getClassLoader()).forEach(all::add);
        all.sort(Comparator.comparingInt(KernelsProvider::rank).reversed());
        return all;
    }

    private static KernelsProvider best(List<KernelsProvider> providers) {
        for (KernelsProvider provider : providers) {
            String reason = provider.unavailable();
            if (reason == null) return provider;
            if (!WARNED.getAndSet(true)) LOGGER.log(System.Logger.Level.WARNING, "{0} kernels cannot be used: {1}", provider.name(), reason);
        }
        throw new AssertionError("scalar kernels are always available");
    }

    private static KernelsProvider named(List<KernelsProvider> providers, String name, String where) {
        for (KernelsProvider provider : providers) {
            if (!provider.name().equals(name)) continue;
            String reason = provider.unavailable();
            if (reason != null) throw new RequestException(where, name + " kernels cannot be used: " + reason);
            return provider;
        }
        throw new RequestException(where, "no kernels of that name", providers.stream().map(KernelsProvider::name).toList(), name);
    }
}
