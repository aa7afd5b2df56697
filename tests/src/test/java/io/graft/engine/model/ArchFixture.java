package io.graft.engine.model;

import com.google.gson.JsonObject;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.json.Json;
import io.graft.tests.Fixtures;
import io.graft.tests.Golden;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** One checkpoint of fixtures/arch: its architecture, weights and golden results. */
record ArchFixture(String name, Path config, Path weights, Golden golden, double logitsBound) {

    /** All that are there: the golden data's, or the committed few. */
    static List<ArchFixture> all() {
        List<ArchFixture> all = new ArrayList<>();
        Path manifest = Fixtures.require("fixtures/arch/manifest.json");
        JsonObject checkpoints = Json.readObject(manifest).getAsJsonObject("checkpoints");
        for (String name : checkpoints.keySet()) {
            JsonObject entry = checkpoints.getAsJsonObject(name);
            Path folder = manifest.getParent(), weights = folder.resolve(entry.get("weights").getAsString());
            Path results = folder.resolve(entry.get("results").getAsString());
            if (Files.exists(results) && (Files.exists(weights.resolve("model.safetensors")) || Files.exists(weights.resolve("model.safetensors.index.json"))))
                all.add(new ArchFixture(name, folder.resolve(entry.get("config").getAsString()), weights, new Golden(results),
                        entry.getAsJsonObject("logits").get("bound").getAsDouble()));
        }
        return all;
    }

    static ArchFixture of(String name) { return all().stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow(); }

    Architecture architecture() { return Architectures.of(name, Json.readObject(config.resolve("config.json"))); }

    FileWeights source() { return new FileWeights(weights); }

    int texts() { return golden.shape("input_ids")[0]; }

    int[] ids(int text) {
        int width = golden.shape("input_ids")[1];
        return java.util.Arrays.copyOfRange(golden.ints("input_ids"), text * width, (text + 1) * width);
    }

    /** A row of a tensor [texts, T, width]. */
    double[] at(String tensor, int text, int t) { return golden.row(tensor, text * golden.shape("input_ids")[1] + t); }

    @Override
    public String toString() { return name; }
}
