package io.graft.merge.experiment;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Owner;
import io.graft.engine.memory.Shape;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.ModelView;
import io.graft.formats.model.SourceTensor;
import io.graft.formats.model.StoredRange;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SplittableRandom;

/**
 * A model of Llama's kind with the units of its residual stream and of its feed-forward parts in another order: up to the
 * rounding of sums the same function, in a basis that no other model shares. What a merge with it gives shows how much of a
 * merge's success rests on a common base.
 */
final class Permutation extends ModelView {

    /** Which sizes of a matrix run over the residual stream (R), over a layer's feed-forward units (F), or over neither (-). */
    private static final List<String[]> ROLES = List.of(
            new String[] {"embed_tokens.weight", "-R"}, new String[] {"lm_head.weight", "-R"}, new String[] {"norm.weight", "R"}, new String[] {"layernorm.weight", "R"},
            new String[] {"q_proj.weight", "-R"}, new String[] {"k_proj.weight", "-R"}, new String[] {"v_proj.weight", "-R"}, new String[] {"o_proj.weight", "R-"},
            new String[] {"q_proj.bias", "-"}, new String[] {"k_proj.bias", "-"}, new String[] {"v_proj.bias", "-"},
            new String[] {"gate_proj.weight", "FR"}, new String[] {"up_proj.weight", "FR"}, new String[] {"down_proj.weight", "RF"});

    private final SequencedMap<String, SourceTensor> tensors = new LinkedHashMap<>();

    Permutation(ModelSource model, long seed) {
        super(model);
        JsonObject config = model.config();
        if (!config.has("hidden_size")) throw new RequestException(model.name(), "cannot be permuted", "a config with hidden_size", "none");
        int hidden = config.get("hidden_size").getAsInt();
        int[] stream = order(hidden, new SplittableRandom(seed));
        model.tensors().forEach((name, tensor) -> tensors.put(name, permuted(tensor, stream, seed)));
    }

    private SourceTensor permuted(SourceTensor tensor, int[] stream, long seed) {
        String role = ROLES.stream().filter(each -> tensor.name().endsWith(each[0])).map(each -> each[1]).findFirst().orElse(null);
        boolean perHead = tensor.name().endsWith("q_norm.weight") || tensor.name().endsWith("k_norm.weight");
        if (perHead) return tensor;
        if (role == null || role.length() != tensor.shape().rank())
            throw new RequestException(model.name(), "cannot be permuted: it is not known over what " + tensor.name() + " runs", "a model of Llama's kind", null);
        int[][] orders = new int[2][];
        for (int axis = 0; axis < role.length(); axis++) {
            int size = (int) tensor.shape().size(axis);
            // One order for a layer's three feed-forward matrices: it is drawn from their layer's name.
            orders[axis] = switch (role.charAt(axis)) {
                case 'R' -> stream;
                case 'F' -> order(size, new SplittableRandom(seed ^ tensor.name().substring(0, tensor.name().lastIndexOf(".mlp.") + 1).hashCode() * 0x9E3779B97F4A7C15L));
                default -> null;
            };
            if (orders[axis] != null && orders[axis].length != size) throw new RequestException(model.name(), "cannot be permuted: " + tensor.name(), orders[axis].length + " units", size);
        }
        return new Permuted(tensor, orders[0], role.length() == 2 ? orders[1] : null);
    }

    private static int[] order(int size, SplittableRandom random) {
        int[] order = new int[size];
        for (int i = 0; i < size; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    /** A tensor with its rows, and its columns, in another order. */
    private record Permuted(SourceTensor tensor, int[] rows, int[] columns) implements SourceTensor {

        @Override
        public String name() { return tensor.name(); }

        @Override
        public DType dtype() { return tensor.dtype(); }

        @Override
        public Shape shape() { return tensor.shape(); }

        @Override
        public Optional<StoredRange> stored() { return Optional.empty(); }

        @Override
        public void readF32(long first, long count, MemorySegment to) {
            long width = tensor.shape().rank() == 1 ? 1 : tensor.shape().size(1);
            try (Owner room = Owner.allocate("a row of " + tensor.name(), 4 * width)) {
                MemorySegment row = room.segment();
                long held = -1;
                for (long done = 0; done < count; done++) {
                    long at = first + done, y = at / width, x = at % width;
                    if (y != held) tensor.readF32((rows == null ? y : rows[(int) y]) * width, width, row);
                    held = y;
                    MemorySegment.copy(row, 4 * (columns == null ? x : columns[(int) x]), to, 4 * done, 4);
                }
            }
        }
    }

    @Override
    public String name() { return model.name() + ", permuted"; }

    @Override
    public SequencedMap<String, SourceTensor> tensors() { return Collections.unmodifiableSequencedMap(tensors); }
}
