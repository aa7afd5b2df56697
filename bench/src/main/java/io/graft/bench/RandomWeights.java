package io.graft.bench;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.engine.model.Architecture;
import io.graft.engine.model.WeightSource;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/** Weights of a model of Llama's kind and a tied head, small random numbers: for speed, not for sense. */
final class RandomWeights implements WeightSource {

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    RandomWeights(Architecture architecture, DType dtype) {
        long hidden = architecture.hidden(), inner = architecture.intermediate(), q = architecture.attention().queryWidth(), k = architecture.attention().keyWidth();
        add("model.embed_tokens.weight", dtype, architecture.vocabulary(), hidden);
        for (int layer = 0; layer < architecture.layers(); layer++) {
            String at = "model.layers." + layer + ".";
            add(at + "input_layernorm.weight", dtype, hidden);
            add(at + "post_attention_layernorm.weight", dtype, hidden);
            add(at + "self_attn.q_proj.weight", dtype, q, hidden);
            add(at + "self_attn.k_proj.weight", dtype, k, hidden);
            add(at + "self_attn.v_proj.weight", dtype, k, hidden);
            add(at + "self_attn.o_proj.weight", dtype, hidden, q);
            add(at + "mlp.gate_proj.weight", dtype, inner, hidden);
            add(at + "mlp.up_proj.weight", dtype, inner, hidden);
            add(at + "mlp.down_proj.weight", dtype, hidden, inner);
        }
        add("model.norm.weight", dtype, hidden);
    }

    private void add(String name, DType dtype, long... sizes) { tensors.put(name, tensor(name, dtype, Shape.of(sizes))); }

    /** A tensor of F32 or BF16 values between -1/32 and 1/32: a block of them, repeated. */
    static Tensor tensor(String name, DType dtype, Shape shape) {
        Tensor tensor = Tensor.allocate(name, dtype, shape);
        MemorySegment bytes = tensor.segment();
        SplittableRandom random = new SplittableRandom(name.hashCode());
        int block = (int) Math.min(shape.elements(), 1 << 14);
        for (int i = 0; i < block; i++) {
            float value = (float) (random.nextDouble() - 0.5) / 16;
            if (dtype == DType.F32) bytes.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
            else bytes.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(value) >>> 16));
        }
        long length = dtype.bytes(block);
        for (long at = length; at < bytes.byteSize(); at += length) MemorySegment.copy(bytes, 0, bytes, at, Math.min(length, bytes.byteSize() - at));
        return tensor;
    }

    long elements() { return tensors.values().stream().mapToLong(tensor -> tensor.shape().elements()).sum(); }

    @Override
    public Set<String> names() { return tensors.keySet(); }

    @Override
    public DType dtype(String name) { return tensors.get(name).dtype(); }

    @Override
    public Shape shape(String name) { return tensors.get(name).shape(); }

    @Override
    public Tensor tensor(String name) { return tensors.get(name); }

    @Override
    public void close() { tensors.values().forEach(Tensor::close); }
}
