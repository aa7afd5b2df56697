package io.graft.engine.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import io.graft.tests.Fixtures;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class ScheduleTest {

    /** Both compute in double, in another order of the same few operations. */
    private static final double TOLERANCE = 8 * Math.ulp(1.0);

    @Test
    void ratesAreThoseOfTransformers() {
        JsonObject golden = Json.readObject(Fixtures.require("fixtures/train/schedules.json"));
        for (JsonElement each : golden.getAsJsonArray("rates")) {
            JsonObject row = each.getAsJsonObject();
            double peak = row.get("peak").getAsDouble();
            Schedule schedule = Schedule.of(Schedule.Kind.valueOf(row.get("schedule").getAsString().toUpperCase(Locale.ROOT)), peak,
                    row.get("steps").getAsInt(), row.get("warmup").getAsInt(), 0);
            int step = 0;
            for (JsonElement rate : row.getAsJsonArray("lr")) assertEquals(rate.getAsDouble(), schedule.rate(step++), peak * TOLERANCE, schedule + " at step " + (step - 1));
            assertTrue(step > 0);
        }
        for (JsonElement each : golden.getAsJsonArray("warmup_ratio")) {
            JsonObject row = each.getAsJsonObject();
            assertEquals(row.get("warmup_steps").getAsInt(), Schedule.warmupSteps(row.get("ratio").getAsDouble(), row.get("steps").getAsInt()), row::toString);
        }
    }

    @Test
    void whatIsLeftAtTheEndIsTheRatio() {
        for (Schedule.Kind kind : List.of(Schedule.Kind.LINEAR, Schedule.Kind.COSINE)) assertEquals(0.1 * 2e-5, Schedule.of(kind, 2e-5, 100, 3, 0.1).rate(100), 2e-5 * TOLERANCE);
    }

    @Test
    void aListSaysItself() {
        assertEquals(0.25, Schedule.of(List.of(1.0, 0.25)).rate(1));
        assertThrows(RequestException.class, () -> new Schedule(Schedule.Kind.LIST, 0, 3, 0, 0, List.of(1.0)));
    }
}
