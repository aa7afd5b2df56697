package io.graft.merge.train;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

/** Everything between two steps of a training that is neither a weight nor a moment; what a checkpoint says beside its tensors. */
final class TrainState {

    /** Steps that have been taken or left out. */
    int step;
    /** Updates of every part's optimizer: AdamW's t. */
    final int[] updates;
    /** After how many steps the last validation was; −1 for none yet. */
    int validated = -1;
    double bestLoss = Double.POSITIVE_INFINITY;
    int bestStep = -1;
    /** Validations since the best. */
    int sinceBest;

    TrainState(int parts) { updates = new int[parts]; }

    JsonObject json() {
        JsonObject json = new JsonObject();
        json.addProperty("step", step);
        JsonArray counts = new JsonArray();
        for (int each : updates) counts.add(each);
        json.add("updates", counts);
        json.addProperty("validated", validated);
        // As bits: JSON has no infinity.
        json.addProperty("best_loss_bits", Long.toHexString(Double.doubleToLongBits(bestLoss)));
        json.addProperty("best_step", bestStep);
        json.addProperty("since_best", sinceBest);
        return json;
    }

    static TrainState of(JsonObject json) {
        JsonArray counts = json.getAsJsonArray("updates");
        TrainState state = new TrainState(counts.size());
        int part = 0;
        for (JsonElement each : counts) state.updates[part++] = each.getAsInt();
        state.step = json.get("step").getAsInt();
        state.validated = json.get("validated").getAsInt();
        state.bestLoss = Double.longBitsToDouble(Long.parseUnsignedLong(json.get("best_loss_bits").getAsString(), 16));
        state.bestStep = json.get("best_step").getAsInt();
        state.sinceBest = json.get("since_best").getAsInt();
        return state;
    }
}
