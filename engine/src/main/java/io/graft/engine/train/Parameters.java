package io.graft.engine.train;

import io.graft.engine.autograd.LowRank;
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
 * The weights of a model in training: F32 masters for what is trained, whose gradients are the {@link Trainer}'s, the source's own tensors for what is frozen,
 * which cost no memory.
 */
public final class Parameters implements AutoCloseable {

    /** The modules of which a tied model has one matrix. */
    static final String EMBEDDING = "model.embed_tokens", HEAD = "lm_head";

    private final Map<String, Parameter> all = new LinkedHashMap<>();
    private final Map<String, LowRank> updates = new LinkedHashMap<>();
    private Trainable active = _ -> true;
    private final List<Tensor> owned = new ArrayList<>();

    /**
     * Copies what is trained.
     *
     * @param source    the weights, open as long as these are used
     * @param trainable which are trained
     * @param kernels   allocate and convert
     * @throws IllegalArgumentException if an update lies beside one of the source's weights, which would be lost: give the merged weights,
     *                                  or the base's and {@link #adapt} them
     */
    public Parameters(WeightSource source, Trainable trainable, Kernels kernels) {
        for (String name : source.names()) {
            if (source.update(name) != null) throw new IllegalArgumentException(name + " has an update of low rank beside it; expected weights with it merged in, or without it");
            Tensor stored = source.tensor(name);
            all.put(name, trainable.trains(name) ? master(name, stored, kernels) : Parameter.frozen(name, stored));
        }
    }

    /**
     * An update of low rank to be trained.
     *
     * @param a         (r, in); of an embedding (r, V); any computable type
     * @param b         (out, r); of an embedding (H, r)
     * @param magnitude DoRA's magnitudes (out); null without
     * @param scale     factor on B·A: alpha / r, or alpha / √r
     * @param dropout   the share of the factors' input that is dropped in training, from 0 to below 1
     */
    public record Update(Tensor a, Tensor b, Tensor magnitude, float scale, float dropout) {

        /**
         * Plain LoRA without dropout.
         *
         * @param a     (r, in); of an embedding (r, V)
         * @param b     (out, r); of an embedding (H, r)
         * @param scale factor on B·A
         */
        public Update(Tensor a, Tensor b, float scale) { this(a, b, null, scale, 0); }
    }

    /**
     * Puts an update of low rank beside a weight, and trains it. The output head of a tied model may have one too: it is then the
     * embedding's matrix and the update, while the embedding stays. Its parameters are called as PEFT's tensors:
     * {@code MODULE.lora_A.weight}, {@code .lora_B.weight}, {@code .lora_magnitude_vector}; of an embedding {@code .lora_embedding_A}
     * and {@code _B}.
     *
     * @param module  the linear map or embedding, such as {@code model.layers.0.mlp.up_proj}
     * @param update  the factors, copied
     * @param kernels allocate and convert
     * @throws IllegalArgumentException if there is no such module, or the shapes do not fit its weight
     */
    public void adapt(String module, Update update, Kernels kernels) {
        boolean embedding = module.equals(EMBEDDING);
        Parameter adapted = all.get(module + ".weight");
        if (adapted == null && module.equals(HEAD)) adapted = all.get(EMBEDDING + ".weight");
        if (adapted == null) throw new IllegalArgumentException("there is no weight of a module " + module + " to adapt");
        Shape weight = adapted.value().shape(), a = update.a.shape(), b = update.b.shape();
        long in = weight.size(embedding ? 0 : 1), out = weight.size(embedding ? 1 : 0);
        if (a.size(1) != in || b.size(0) != out || a.size(0) != b.size(1) || update.magnitude != null && update.magnitude.shape().elements() != out)
            throw new IllegalArgumentException(module + " " + weight + " cannot have an update of A " + a + " and B " + b
                    + (update.magnitude == null ? "" : " and magnitudes " + update.magnitude.shape()));
        updates.put(module, new LowRank(master(module + (embedding ? ".lora_embedding_A" : ".lora_A.weight"), update.a, kernels),
                master(module + (embedding ? ".lora_embedding_B" : ".lora_B.weight"), update.b, kernels),
                update.magnitude == null ? null : master(module + ".lora_magnitude_vector", update.magnitude, kernels), update.scale, update.dropout));
    }

    /**
     * Trains a weight of its own in the place of one, or where the model has none: an output head of a tied model, which then is
     * tied no more.
     *
     * @param name    the weight
     * @param values  from which it starts, copied; any computable type
     * @param kernels allocate and convert
     */
    public void train(String name, Tensor values, Kernels kernels) { all.put(name, master(name, values, kernels)); }

    /**
     * Puts a frozen weight in the place of one, or where the model has none.
     *
     * @param name   the weight
     * @param values open as long as these parameters
     */
    public void freeze(String name, Tensor values) { all.put(name, Parameter.frozen(name, values)); }

    /**
     * The update of a linear map or an embedding, what rests of it frozen (see {@link #activate}).
     *
     * @param module its name
     * @return the update; null for none
     */
    public LowRank update(String module) {
        LowRank update = updates.get(module);
        return update == null ? null : new LowRank(resting(update.a()), resting(update.b()), update.magnitude() == null ? null : resting(update.magnitude()), update.scale(), update.dropout());
    }

    private Parameter resting(Parameter parameter) { return !parameter.isTrained() || active.trains(parameter.name()) ? parameter : parameter.frozen(); }

    private Parameter master(String name, Tensor stored, Kernels kernels) {
        Tensor value = own(kernels.allocate(name, stored.shape()));
        Tensor from = stored.reshape(flat(stored)), to = value.reshape(flat(value));
        float[] some = new float[(int) Math.min(1 << 20, stored.shape().elements())];
        for (long at = 0; at < stored.shape().elements(); at += some.length) {
            long count = Math.min(some.length, stored.shape().elements() - at);
            kernels.download(from.rows(at, count), some);
            kernels.upload(some, to.rows(at, count));
        }
        return Parameter.trained(name, value);
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
        return parameter == null ? null : resting(parameter);
    }

    /**
     * Lets trained weights rest: until the next call no gradient is computed for those that are not active, nor anything below
     * the lowest active one.
     *
     * @param part which are active
     */
    public void activate(Trainable part) { active = part; }

    /** {@return those of {@link #trained} that do not rest} */
    List<Parameter> activeOnes() { return trained().stream().filter(each -> active.trains(each.name())).toList(); }

    /** {@return those that are trained, resting ones too: weights in the order of the source, then updates in that of {@link #adapt}, A, B and magnitudes of each} */
    public List<Parameter> trained() {
        List<Parameter> trained = new ArrayList<>(all.values().stream().filter(Parameter::isTrained).toList());
        for (LowRank update : updates.values()) {
            trained.addAll(List.of(update.a(), update.b()));
            if (update.magnitude() != null) trained.add(update.magnitude());
        }
        return trained;
    }

    /** Frees the masters. */
    @Override
    public void close() {
        for (Tensor tensor : owned) tensor.close();
    }
}
