package io.graft.engine.generate;

import io.graft.engine.generate.Generation.FinishReason;
import io.graft.engine.model.Batch;
import io.graft.engine.model.KvCache;
import java.util.Arrays;

/** One text while it is being continued. */
final class Text {

    final Request request;
    final KvCache cache;
    /** Which row of the batch the next token is chosen by. */
    int row;
    /** Null while the text goes on. */
    FinishReason reason;

    private final int index;
    private final Sampler sampler;
    private final StopStrings stops;
    private final StringBuilder shown = new StringBuilder();
    private final int[] last = new int[1];
    private int[] ids = new int[16];
    private int count;

    Text(int index, Request request, KvCache cache) {
        this.index = index;
        this.request = request;
        this.cache = cache;
        this.sampler = new Sampler(request.sampling());
        this.stops = new StopStrings(request.stopStrings());
        for (int id : request.prompt()) sampler.saw(id);
    }

    /** Puts the last token into a batch. */
    Text feed(Batch batch) {
        last[0] = ids[count - 1];
        batch.add(cache, last, 0, 1);
        row = batch.rows() - 1;
        return this;
    }

    /** Chooses the next token; returns whether the listener wants more. */
    boolean take(float[] logits, int vocabulary, TokenListener listener) {
        int id = sampler.choose(logits, vocabulary);
        sampler.saw(id);
        if (count == ids.length) ids = Arrays.copyOf(ids, 2 * count);
        ids[count++] = id;
        boolean stop = request.stopTokens().contains(id);
        String piece = request.text() == null ? null : stop ? "" : show(stops.push(request.text().push(id)));
        if (stop || stops.stopped()) reason = FinishReason.STOP;
        else if (count == request.maxNewTokens()) reason = FinishReason.LENGTH;
        return listener.token(index, id, piece);
    }

    /** Shows the text that was held back, and closes the account. */
    Generation end(TokenListener listener) {
        if (reason == null) reason = FinishReason.CANCELLED;
        if (request.text() != null && !stops.stopped()) {
            String rest = show(stops.push(request.text().finish()));
            if (!stops.stopped()) rest += show(stops.finish());
            else reason = FinishReason.STOP;
            if (!rest.isEmpty()) listener.token(index, -1, rest);
        }
        return new Generation(Arrays.copyOf(ids, count), request.text() == null ? null : shown.toString(), reason);
    }

    private String show(String piece) {
        shown.append(piece);
        return piece;
    }
}
