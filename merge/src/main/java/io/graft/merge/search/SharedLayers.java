package io.graft.merge.search;

import io.graft.engine.kernel.Kernels;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.engine.model.CausalLm;
import io.graft.engine.model.Session;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.IntConsumer;
import java.util.function.ToIntFunction;

/**
 * Judges many merges that take each layer whole from one of a few models. Candidates that agree from the embeddings up to some layer have the same hidden
 * states there, so these are computed once: a walk over the tree of their common beginnings, with one copy of the stream for each depth. On
 * eight layers, the 1,125 candidates of a sweep run 3,300 layers in place of 9,000, and 225 streams to the final norm in place of 1,125.
 * The numbers are those of each candidate run alone.
 */
final class SharedLayers implements AutoCloseable {

    /** Where a candidate takes its parts from: indices of models. */
    record Path(int embeddings, int[] layers, int finalNorm, int head) {}

    private final Kernels kernels;
    private final List<Session> sessions = new ArrayList<>();
    private final int layers;
    private long ran;

    SharedLayers(List<CausalLm> models, Kernels kernels) {
        this.kernels = kernels;
        this.layers = models.getFirst().architecture().layers();
        for (CausalLm model : models) sessions.add(model.session());
    }

    /** Layers that were run, each on one batch. */
    long ran() { return ran; }

    /**
     * Judges candidates.
     *
     * @param paths    what they are
     * @param judge    the questions
     * @param progress hears how many candidates have been judged on another batch
     */
    List<Judge.Verdict> judge(List<Path> paths, Judge judge, IntConsumer progress) {
        List<SequencedMap<String, Double>> found = new ArrayList<>();
        for (int i = 0; i < paths.size(); i++) found.add(new LinkedHashMap<>());
        judge.sets().forEach((name, test) -> {
            boolean[][][] right = new boolean[paths.size()][test.size()][];
            test.eachBatch(sessions.getFirst(), (from, to, batch) -> {
                for (Session session : sessions) session.begin(batch);
                try (Streams streams = new Streams(batch.rows())) {
                    new Walk(paths, streams, candidate -> {
                        test.read(sessions.get(paths.get(candidate).head), from, to, right[candidate]);
                        progress.accept(1);
                    }).start();
                }
            });
            for (int i = 0; i < right.length; i++) found.get(i).put(name, (double) ExactMatch.exact(right[i]) / test.size());
        });
        return found.stream().map(Judge.Verdict::new).toList();
    }

    /** One stream for each depth of the tree. */
    private final class Streams implements AutoCloseable {

        final List<Tensor> at = new ArrayList<>();

        Streams(int rows) {
            for (int depth = 0; depth <= layers; depth++) at.add(kernels.allocate("stream " + depth, Shape.of(rows, sessions.getFirst().stream().shape().size(1))));
        }

        @Override
        public void close() {
            for (Tensor each : at) each.close();
        }
    }

    /** The walk over one batch. */
    private final class Walk {

        private final List<Path> paths;
        private final Streams streams;
        private final IntConsumer judged;

        Walk(List<Path> paths, Streams streams, IntConsumer judged) {
            this.paths = paths;
            this.streams = streams;
            this.judged = judged;
        }

        void start() {
            List<Integer> all = new ArrayList<>();
            for (int i = 0; i < paths.size(); i++) all.add(i);
            for (List<Integer> group : groups(all, Path::embeddings)) {
                Session session = sessions.get(paths.get(group.getFirst()).embeddings);
                session.embed();
                kernels.copy(session.stream(), streams.at.getFirst());
                layer(group, 0);
            }
        }

        private void layer(List<Integer> candidates, int index) {
            if (index == layers) {
                end(candidates);
                return;
            }
            for (List<Integer> group : groups(candidates, path -> path.layers[index])) {
                Session session = sessions.get(paths.get(group.getFirst()).layers[index]);
                session.enter(streams.at.get(index));
                session.layer(index);
                ran++;
                kernels.copy(session.stream(), streams.at.get(index + 1));
                layer(group, index + 1);
            }
        }

        private void end(List<Integer> candidates) {
            for (List<Integer> same : groups(candidates, Path::finalNorm)) {
                Session norm = sessions.get(paths.get(same.getFirst()).finalNorm);
                norm.enter(streams.at.getLast());
                norm.finish();
                for (List<Integer> group : groups(same, Path::head)) {
                    Session head = sessions.get(paths.get(group.getFirst()).head);
                    if (head != norm) head.enterFinished(norm.finished());
                    for (int candidate : group) judged.accept(candidate);
                }
            }
        }

        private Collection<List<Integer>> groups(List<Integer> candidates, ToIntFunction<Path> key) {
            Map<Integer, List<Integer>> groups = new LinkedHashMap<>();
            for (int candidate : candidates) groups.computeIfAbsent(key.applyAsInt(paths.get(candidate)), _ -> new ArrayList<>()).add(candidate);
            return groups.values();
        }
    }

    @Override
    public void close() {
        for (Session session : sessions) session.close();
    }
}
