package io.graft.merge.train;

import io.graft.engine.memory.Shape;
import io.graft.engine.model.Architecture;
import io.graft.merge.analysis.Place;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Says of a training what it will do and take. */
final class Outlines {

    private Outlines() {}

    static TrainOutline of(TrainSetup setup) {
        long all = setup.shapes.values().stream().mapToLong(Shape::elements).sum(), trained = 0;
        List<TrainOutline.Group> groups = new ArrayList<>();
        for (int part = 0; part < setup.parts.size(); part++) {
            Map<String, long[]> modules = new LinkedHashMap<>();
            for (String name : setup.parts.get(part).names()) {
                long[] sums = modules.computeIfAbsent(Place.of(name).module(), _ -> new long[2]);
                sums[0]++;
                sums[1] += setup.shapes.get(name).elements();
            }
            for (Map.Entry<String, long[]> each : modules.entrySet()) {
                groups.add(new TrainOutline.Group(part, each.getKey(), (int) each.getValue()[0], each.getValue()[1]));
                trained += each.getValue()[1];
            }
        }
        double tokens = setup.parts.stream().mapToDouble(part -> part.data().tokensPerStep()).average().orElse(0);
        return new TrainOutline(setup.model.name(), all, trained, groups, setup.steps, setup.dataFacts(), setup.validationFacts(), setup.config.rowsPerStep(), tokens,
                memory(setup, trained, tokens), flops(setup, tokens));
    }

    /**
     * Gradients are those of the part that trains, and come as activations go, in their memory: activations take what they need beyond it.
     * At most they take it at the end of the forward pass, with the logits of 256 tokens and the gradient of the head.
     */
    private static List<TrainOutline.Bytes> memory(TrainSetup setup, long trained, double tokensPerStep) {
        Architecture model = setup.architecture;
        double rows = tokensPerStep / setup.config.gradientAccumulation();
        double layer = 4 * rows * (4.0 * model.hidden() + 3.0 * model.intermediate() + 2.0 * model.attention().queryWidth() + 2.0 * model.attention().keyWidth());
        double kept = setup.config.gradientCheckpointing() ? layer + 4 * rows * model.hidden() * model.layers() : layer * model.layers();
        boolean tied = !setup.shapes.containsKey("lm_head.weight");
        boolean head = setup.parts.stream().anyMatch(part -> part.names().contains(tied ? "model.embed_tokens.weight" : "lm_head.weight"));
        double atHead = 4 * Math.min(rows, 256) * model.vocabulary() + (head ? 4.0 * model.vocabulary() * model.hidden() : 0);
        long gradients = 4 * setup.parts.stream().mapToLong(part -> part.names().stream().mapToLong(name -> setup.shapes.get(name).elements()).sum()).max().orElse(0);
        long shared = setup.config.gradientAccumulation() > 1 ? 0 : gradients; // the second micro-batch finds the gradients of the first
        return List.of(new TrainOutline.Bytes("F32 masters of what is trained", 4 * trained), new TrainOutline.Bytes("gradients", gradients), new TrainOutline.Bytes("AdamW's two moments", 8 * trained),
                new TrainOutline.Bytes("activations of a micro-batch beyond the gradients' memory, about", (long) Math.max(0, kept + atHead - shared)));
    }

    /** Forward 2 a weight and token; backward 2 for the input's gradient from the lowest trained layer up, and 2 for each trained weight's. */
    private static double flops(TrainSetup setup, double tokens) {
        double flops = 0;
        for (TrainSetup.Part part : setup.parts) {
            int lowest = lowest(part.names());
            for (Map.Entry<String, Shape> each : setup.shapes.entrySet()) {
                if (each.getValue().rank() != 2) continue;
                boolean table = each.getKey().equals("model.embed_tokens.weight"), tied = !setup.shapes.containsKey("lm_head.weight");
                if (table && !tied) continue;
                int layer = Place.of(each.getKey()).layer();
                double passes = 1 + (part.names().contains(each.getKey()) ? 1 : 0) + (layer == Place.OUTSIDE || layer > lowest || lowest == layer ? 1 : 0);
                flops += 2 * passes * tokens * each.getValue().elements();
            }
        }
        return flops / setup.parts.size();
    }

    private static int lowest(Set<String> names) {
        if (names.isEmpty() || names.contains("model.embed_tokens.weight")) return 0;
        return names.stream().mapToInt(name -> Place.of(name).layer()).map(layer -> layer == Place.OUTSIDE ? Integer.MAX_VALUE : layer).min().orElse(0);
    }

    /** What the user should know of the data. */
    static void tell(TrainSetup setup, TrainOutline outline, TrainListener listener) {
        setup.model.notes().forEach(listener::note);
        List<TrainOutline.Data> all = new ArrayList<>(outline.parts());
        if (outline.validation() != null) all.add(outline.validation());
        int longest = 0;
        for (int i = 0; i < all.size(); i++) {
            TrainOutline.Data each = all.get(i);
            String what = i >= outline.parts().size() ? "validation" : outline.parts().size() > 1 ? "part " + i : "data";
            if (each.cut() > 0) listener.warn(what + ": " + each.cut() + " of " + (each.examples() + each.empty()) + " examples are longer than max_length " + setup.config.maxLength() + "; " + each.cutTokens() + " tokens were cut off");
            if (each.empty() > 0) listener.warn(what + ": " + each.empty() + " examples were left out, since nothing of them is learned");
            longest = Math.max(longest, each.longest());
        }
        int positions = setup.architecture.positions();
        if (positions > 0 && longest > positions) listener.warn("the longest example has " + longest + " tokens, and the model's config announces " + positions + " positions");
    }
}
