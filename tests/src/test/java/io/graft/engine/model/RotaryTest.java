package io.graft.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.json.Json;
import io.graft.tests.Fixtures;
import io.graft.tests.Golden;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The tables of published models, up to position 131,071. */
class RotaryTest {

    private static final Path FOLDER = Fixtures.requireCommitted("fixtures/rope");
    private static final JsonObject TABLES = Json.readObject(FOLDER.resolve("tables.json"));
    private static final Golden GOLDEN = new Golden(FOLDER.resolve("tables.safetensors"));

    static List<String> models() { return List.copyOf(TABLES.keySet()); }

    /** Frequencies are a power, a quotient or two: a few roundings of 1.1e-16. Tables rounded once: half an ulp of 1, 6e-8, times yarn's factor. */
    @ParameterizedTest
    @MethodSource("models")
    void tablesAreTheDefinitionRoundedOnce(String model) {
        Rotary rotary = rotary(model);
        double[] positions = GOLDEN.doubles(model + ".positions"), frequencies = GOLDEN.doubles(model + ".inv_freq64");
        long length = (long) positions[positions.length - 1] + 1;
        double[] found = rotary.frequencies(length);
        assertEquals(frequencies.length, found.length);
        for (int i = 0; i < found.length; i++) assertEquals(1, found[i] / frequencies[i], 1e-14, model + " frequency " + i);
        double worst = 0;
        for (int p = 0; p < positions.length; p++) {
            float[] cos = new float[found.length], sin = new float[found.length];
            Rotation.angles(rotary, found, (int) positions[p], cos, sin, 0);
            double[] cos64 = GOLDEN.row(model + ".cos64", p), sin64 = GOLDEN.row(model + ".sin64", p);
            for (int i = 0; i < found.length; i++) worst = Math.max(worst, Math.max(Math.abs(cos[i] - cos64[i]), Math.abs(sin[i] - sin64[i])));
        }
        assertTrue(worst <= 1e-7, model + ": " + worst);
        assertEquals(GOLDEN.doubles(model + ".factor64")[0], rotary.magnitude(), 1e-15);
    }

    private static Rotary rotary(String model) {
        JsonObject config = Json.readObject(Fixtures.requireCommitted("fixtures/checkpoints/falcon3/config.json"));
        for (String key : TABLES.getAsJsonObject(model).keySet()) config.add(key, TABLES.getAsJsonObject(model).get(key));
        return Architectures.of(model, config).attention().rotary();
    }
}
