package io.graft.merge.analysis;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Two models compared, tensor by tensor, and summed by layer and module.
 *
 * @param a       the first model's name
 * @param b       the second model's name
 * @param base    the base model's name, where there was one
 * @param tensors those compared, in A's order
 * @param left    why a tensor was not compared: one line each, such as {@code only in A: lm_head.weight}
 */
public record ModelComparison(String a, String b, Optional<String> base, List<TensorComparison> tensors, List<String> left) {

    /** {@return the layers' numbers, ascending} */
    public List<Integer> layers() {
        TreeSet<Integer> layers = new TreeSet<>();
        for (TensorComparison tensor : tensors) if (tensor.place().layer() != Place.OUTSIDE) layers.add(tensor.place().layer());
        return List.copyOf(layers);
    }

    /** {@return the modules of layers: attention, mlp, norms, others} */
    public List<String> modules() {
        TreeSet<String> modules = new TreeSet<>(Place.MODULES);
        for (TensorComparison tensor : tensors) if (tensor.place().layer() != Place.OUTSIDE) modules.add(tensor.place().module());
        return List.copyOf(modules);
    }

    /** {@return the modules' short names, in their order; the modules themselves where two would be the same} */
    public List<String> shortModules() {
        List<String> names = modules().stream().map(Place::shortName).toList();
        return names.stream().distinct().count() == names.size() ? names : modules();
    }

    /**
     * The parts of a layer that columns are grouped by.
     *
     * @param module one of {@link #modules}
     * @return {@code attention}, {@code mlp}, {@code norm} or {@code other}
     */
    public static String group(String module) { return List.of("attention", "mlp", "norm", "other").get(Place.group(module)); }

    /** {@return the sums of each layer and module, by place: layers ascending, modules in their order} */
    public Map<Place, Comparison> cells() {
        Map<Place, Comparison> cells = new TreeMap<>((p, q) -> p.layer() != q.layer() ? Integer.compare(p.layer(), q.layer()) : Place.MODULES.compare(p.module(), q.module()));
        for (TensorComparison tensor : tensors) {
            if (tensor.place().layer() != Place.OUTSIDE) cells.merge(tensor.place(), tensor.result(), Comparison::plus);
        }
        return cells;
    }

    /** {@return the tensors that are in no layer} */
    public List<TensorComparison> outside() {
        List<TensorComparison> outside = new ArrayList<>(tensors);
        outside.removeIf(tensor -> tensor.place().layer() != Place.OUTSIDE);
        return outside;
    }

    /**
     * A whole layer.
     *
     * @param layer its number
     * @return its modules together
     */
    public Comparison layer(int layer) { return sum(tensor -> tensor.place().layer() == layer); }

    /**
     * A module of all layers.
     *
     * @param module one of {@link #modules}
     * @return the layers together
     */
    public Comparison module(String module) { return sum(tensor -> tensor.place().layer() != Place.OUTSIDE && tensor.place().module().equals(module)); }

    /** {@return everything together} */
    public Comparison total() { return sum(_ -> true); }

    private Comparison sum(java.util.function.Predicate<TensorComparison> which) {
        Comparison sum = Comparison.NONE;
        for (TensorComparison tensor : tensors) if (which.test(tensor)) sum = sum.plus(tensor.result());
        return sum;
    }
}
