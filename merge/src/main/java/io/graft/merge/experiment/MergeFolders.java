package io.graft.merge.experiment;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.graft.engine.RunException;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.files.OutputFolder;
import io.graft.formats.json.Json;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.run.Merge;
import io.graft.merge.run.MergeOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * The merges of a study as folders, for other programs to load.
 *
 * <p>{@code merges.json} beside them says which folder is which method ({@code merges}: each with {@code method}, {@code seed},
 * {@code folder}, {@code key}). A folder whose key is still the study's stays; one that the study has changed is replaced; one
 * that is not in the index is somebody else's, and an error.
 */
final class MergeFolders {

    private static final String INDEX = "merges.json";

    private final Path root;
    private final Map<String, JsonObject> index = new LinkedHashMap<>();

    private MergeFolders(Path root) {
        this.root = root;
        Path file = root.resolve(INDEX);
        if (!Files.isRegularFile(file)) return;
        for (JsonElement each : Json.readObject(file).getAsJsonArray("merges")) index.put(each.getAsJsonObject().get("folder").getAsString(), each.getAsJsonObject());
    }

    /**
     * Writes what is not there.
     *
     * @param plan of a study whose run is in progress, all steps done
     * @param root where folders go
     * @param stop asked before every folder
     * @return how many were written
     */
    static int write(StudyPlan plan, Path root, BooleanSupplier stop) {
        MergeFolders folders = new MergeFolders(root);
        Set<String> names = new HashSet<>();
        int written = 0;
        for (StudyPlan.Row row : plan.rows) {
            boolean adapter = row.node() instanceof Node.Made made && made.step().kind() == Step.Kind.MERGE;
            if (!adapter && !(row.node() instanceof Node.Merged)) continue;
            if (stop.getAsBoolean()) throw new RunException(root.toString(), "stopped on request; the same command goes on from here", null);
            String name = name(row, plan.seeds.size() > 1);
            if (!names.add(name)) names.add(name += "-" + row.node().key().substring(0, 8)); // another method's, but for signs that folders cannot have
            if (folders.write(plan, row, name)) written++;
        }
        return written;
    }

    private static String name(StudyPlan.Row row, boolean seeds) {
        return StudyFiles.slug(row.method().name()) + (seeds ? "-seed" + row.seed() : "");
    }

    private boolean write(StudyPlan plan, StudyPlan.Row row, String name) {
        Path folder = root.resolve(name);
        JsonObject known = index.get(name);
        if (known != null && known.get("key").getAsString().equals(row.node().key()) && Files.isDirectory(folder)) return false;
        if (row.node() instanceof Node.Merged merged) {
            try (MergePlan merge = merged.plan(plan.pool())) {
                Merge.run(merge, folder, MergeOptions.defaults().withThreads(plan.threads).withForce(known != null));
            }
        } else copy(plan.pool().folder(((Node.Made) row.node()).step()).resolve("model"), folder, known != null);
        JsonObject entry = new JsonObject();
        entry.addProperty("method", row.method().name());
        entry.addProperty("seed", row.seed());
        entry.addProperty("folder", name);
        entry.addProperty("key", row.node().key());
        index.put(name, entry);
        JsonArray all = new JsonArray();
        index.values().forEach(all::add);
        JsonObject json = new JsonObject();
        json.add("merges", all);
        AtomicFile.write(root.resolve(INDEX), Json.write(json).getBytes(StandardCharsets.UTF_8));
        return true;
    }

    /** An adapter that a step has written. */
    private static void copy(Path from, Path to, boolean force) {
        try (OutputFolder out = OutputFolder.begin(to, force); var files = Files.list(from)) {
            for (Path file : files.toList()) Files.copy(file, out.path().resolve(file.getFileName().toString()));
            out.commit();
        } catch (IOException error) {
            throw new RunException(to.toString(), "cannot be written: " + error.getMessage(), error);
        }
    }
}
