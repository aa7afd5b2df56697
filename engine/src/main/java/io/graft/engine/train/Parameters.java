package io.graft.engine.train;

import io.graft.engine.autograd.Parameter;
import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.engine.model.WeightSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The weights of a model in training: F32 masters with gradients for what is trained, the source's own tensors for what is frozen,
 * which cost no memory.
 */
public final class Parameters implements AutoCloseable {

    private final Map<String, Parameter> all = new LinkedHashMap<>();
    private final Map<String, LowRank> updates = new LinkedHashMap<>();
    private Trainable active = _ -> true;
    private final List<Tensor> owned = new ArrayList<>();

    /**
     * A trained update of low rank beside a weight.
     *
     * @param a     (r, in)
     * @param b     (out, r)
     * @param scale factor on B·A
     */
    public record LowRank(Parameter a, Parameter b, float scale) {}

    /**
     * Copies what is trained.
     *
     * @param source    the weights, open as long as these are used
     * @param trainable which are trained
     * @param kernels   allocate and convert
     */
    public Parameters(WeightSource source, Trainable trainable, Kernels kernels) {
        for (String name : source.names()) {
            Tensor stored = source.tensor(name);
            all.put(name, trainable.trains(name) ? master(name, stored, kernels) : new Parameter(name, stored, null));
        }
    }

    /**
     * Puts an update of low rank beside a weight, and trains it (Hu et al. 2021, arXiv:2106.09685).
     *
     * @param module  the linear map, such as {@code model.layers.0.mlp.up_proj}
     * @param a       (r, in), copied; any computable type
     * @param b       (out, r), copied
     * @param scale   factor on B·A: alpha / r, or alpha / √r
     * @param kernels allocate and convert
     * @throws IllegalArgumentException if the shapes do not fit the module's weight
     */
    public void adapt(String module, Tensor a, Tensor b, float scale, Kernels kernels) {
        Shape weight = all.get(module + ".weight").value().shape();
        if (a.shape().size(1) != weight.size(1) || b.shape().size(0) != weight.size(0) || a.shape().size(0) != b.shape().size(1))
            throw new IllegalArgumentException(module + " " + weight + " cannot have an update of A " + a.shape() + " and B " + b.shape());
        updates.put(module, new LowRank(master(module + ".lora_A.weight", a, kernels), master(module + ".lora_B.weight", b, kernels), scale));
    }

    /**
     * The update of a linear map.
     *
     * @param module its name
     * @return the update; null for none
     */
    public LowRank update(String module) { return updates.get(module); }

    private Parameter master(String name, Tensor stored, Kernels kernels) {
        Tensor value = own(kernels.allocate(name, stored.shape())), gradient = own(kernels.allocate("gradient of " + name, stored.shape()));
        Tensor from = stored.reshape(flat(stored)), to = value.reshape(flat(value));
        float[] some = new float[(int) Math.min(1 << 20, stored.shape().elements())];
        for (long at = 0; at < stored.shape().elements(); at += some.length) {
            long count = Math.min(some.length, stored.shape().elements() - at);
            kernels.download(from.rows(at, count), some);
            kernels.upload(some, to.rows(at, count));
        }
        return new Parameter(name, value, gradient);
    }

    private static Shape flat(Tensor tensor) { return Shape.of(tensor.shape().elements()); }

    private Tensor own(Tensor tensor) {
        owned.add(tensor);
        return tensor;
    }

    /**
     * A weight, frozen if it rests (see {@link #activate}).
     *
     * @param name its name
     * @return the parameter; null if there is none of that name
     */
    public Parameter get(String name) {
        Parameter parameter = all.get(name);
        return parameter == null || !parameter.isTrained() || active.trains(name) ? parameter : new Parameter(name, parameter.value(), null);
    }

    /**
     * Lets trained weights rest: until the next call no gradient is computed for those that are not active, nor anything below
     * the lowest active one.
     *
     * @param part which are active
     */
    public void activate(Trainable part) { active = part; }

    /** {@return those that are trained, resting ones too: weights in the order of the source, then updates in that of {@link #adapt}} */
    public List<Parameter> trained() {
        List<Parameter> trained = new ArrayList<>(all.values().stream().filter(Parameter::isTrained).toList());
        for (LowRank update : updates.values()) trained.addAll(List.of(update.a, update.b));
        return trained;
    }

    /** Sets all gradients to zero. */
    public void clearGradients() {
        for (Parameter each : trained()) each.gradient().segment().fill((byte) 0);
    }

    /** Frees masters and gradients. */
    @Override
    public void close() {
        for (Tensor tensor : owned) tensor.close();
    }
}
