package io.graft.merge.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.engine.RequestException;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.files.OutputFolder;
import io.graft.formats.json.Json;
import io.graft.merge.world.BilingualWorld;
import io.graft.merge.world.WorldTraining;
import io.graft.merge.world.WorldTraining.Lesson;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft world}: the synthetic bilingual world as files, and the trainings of its models. */
@Command(name = "world", description = "Write the synthetic bilingual world: texts, problems, and configurations of its models for graft train.",
        footer = {"", "The base that comes with Graft is what these two commands make, bit for bit (seed 0):", "  graft world world", "  graft train world/base.yml",
            "Then graft train world/math.yml and world/language.yml make its experts.", "Example: graft world world --seed 1",
            "With --json: folder, configurations."})
final class WorldCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "DIR", description = "The folder to make.")
    private Path folder;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Of all texts and problems (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--problems", paramLabel = "N", defaultValue = "300", description = "Problems of each of the six sets (default: ${DEFAULT-VALUE}).")
    private int problems;

    @Option(names = "--force", description = "Write into a folder that is not empty.")
    private boolean force;

    @Mixin
    private CommonOptions common;

    @Override
    public Integer call() {
        if (problems < 1 || problems > 2000) throw new RequestException("--problems", "out of range", "1 to 2000", problems);
        OutputFolder.check(folder, force);
        BilingualWorld world = new BilingualWorld(seed);
        Path data = folder.resolve("data"), base = folder.resolve("base");
        world.writeQuestions(data, problems, 200);
        Map<String, Map<String, Object>> trainings = new LinkedHashMap<>();
        trainings.put("base", WorldTraining.base(world, WorldTraining.BASE, data, base));
        Map<String, Lesson> experts = new LinkedHashMap<>();
        experts.put("math", WorldTraining.MATH);
        experts.put("language", WorldTraining.LANGUAGE);
        experts.put("mixed", WorldTraining.MIXED_EQUAL_STEPS);
        experts.forEach((name, lesson) -> trainings.put(name, WorldTraining.expert(world, lesson, base.toString(), data, folder.resolve(name))));
        JsonArray written = new JsonArray();
        trainings.forEach((name, config) -> {
            Path file = folder.resolve(name + ".yml");
            AtomicFile.write(file, Json.write(tree(config)).getBytes(StandardCharsets.UTF_8)); // JSON is YAML
            written.add(file.toString());
        });
        JsonObject json = new JsonObject();
        json.addProperty("folder", folder.toString());
        json.add("configurations", written);
        if (common.json) System.out.print(Json.write(json));
        else {
            System.out.println(folder + ": " + 6 * problems + " problems in data/problems.jsonl, texts beside them");
            trainings.keySet().forEach(name -> System.out.println("graft train " + folder.resolve(name + ".yml")));
        }
        return 0;
    }

    private static JsonElement tree(Object value) {
        return switch (value) {
            case Map<?, ?> map -> {
                JsonObject object = new JsonObject();
                map.forEach((key, each) -> object.add(key.toString(), tree(each)));
                yield object;
            }
            case List<?> list -> {
                JsonArray array = new JsonArray();
                for (Object each : list) array.add(tree(each));
                yield array;
            }
            case Number number -> new JsonPrimitive(number);
            case Boolean truth -> new JsonPrimitive(truth);
            default -> new JsonPrimitive(value.toString());
        };
    }
}
