package io.graft.formats.huggingface;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.formats.json.Json;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.ModelSources;
import io.graft.formats.safetensors.SafetensorsLayout.Spec;
import io.graft.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HuggingFaceFolderTest {

    @TempDir
    Path folder;

    private void shard(String file, String... names) {
        List<Tensor> tensors = new ArrayList<>();
        for (String name : names) tensors.add(Tensor.allocate(name, DType.F32, Shape.of(2)));
        SafetensorsWriter.write(folder.resolve(file), Map.of("format", "pt"), tensors);
        tensors.forEach(Tensor::close);
    }

    private void index(String json) throws IOException { Files.writeString(folder.resolve("model.safetensors.index.json"), json); }

    private RequestException refused() { return assertThrows(RequestException.class, () -> ModelSources.open(folder.toString()).close()); }

    private void refusedWith(String... parts) {
        RequestException error = refused();
        for (String part : parts) assertTrue((error.getMessage() + " " + error.hint()).contains(part), error.getMessage() + " " + error.hint());
    }

    @Test
    void shardsAreOneModelAndTheConfigIsKeptWhole() throws IOException {
        shard("model-00001-of-00002.safetensors", "a", "b");
        shard("model-00002-of-00002.safetensors", "c");
        index("{\"metadata\":{\"total_size\":24},\"weight_map\":{\"c\":\"model-00002-of-00002.safetensors\",\"a\":\"model-00001-of-00002.safetensors\",\"b\":\"model-00001-of-00002.safetensors\"}}");
        Files.writeString(folder.resolve("config.json"), "{\"never_heard_of\":[1.50],\"model_type\":\"x\"}");
        try (ModelSource model = ModelSources.open(folder.toString())) {
            assertEquals(List.of("a", "b", "c"), List.copyOf(model.tensors().keySet()));
            assertEquals("{\"never_heard_of\":[1.50],\"model_type\":\"x\"}", Json.line(model.config()));
            assertEquals(List.of(), model.notes());
            model.config().addProperty("changed", true);
            assertEquals(2, model.config().size());
        }
    }

    @Test
    void anIndexAndShardsThatContradictEachOtherAreRefused() throws IOException {
        shard("one.safetensors", "a");
        index("{\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"one.safetensors\"}}");
        refusedWith("one.safetensors: b");
        index("{\"weight_map\":{\"a\":\"two.safetensors\"}}");
        refusedWith("two.safetensors", "missing");
        index("{\"weight_map\":{}}");
        refusedWith("names no tensor");
        index("{\"weight_map\":[]}");
        refusedWith("weight_map", "an object");
        index("{\"weight_map\":{\"a\":1}}");
        refusedWith(": a:", "a number");
    }

    @Test
    void noShardMayLieOutsideOfTheFolder() throws IOException {
        shard("one.safetensors", "a");
        for (String path : new String[] {"../one.safetensors", "/etc/passwd", "sub/../../one.safetensors", "..", "", "C:\\\\x", "a\\\\..\\\\b", "x\\u0000y"}) {
            index("{\"weight_map\":{\"a\":\"" + path + "\"}}");
            refusedWith("weight_map names");
        }
    }

    @Test
    void aWrongTotalAndUnlistedTensorsAreNotes() throws IOException {
        shard("one.safetensors", "a", "b");
        index("{\"metadata\":{\"total_size\":99},\"weight_map\":{\"a\":\"one.safetensors\"}}");
        try (ModelSource model = HuggingFaceFolder.open(folder)) {
            assertEquals(1, model.tensors().size());
            assertEquals(2, model.notes().size());
            assertTrue(model.notes().get(1).contains("99"), model.notes().toString());
        }
    }

    @Test
    void picklesAdaptersAndEmptyFoldersAreRefusedEachWithItsReason() throws IOException {
        refusedWith("no model in this folder");
        Files.createFile(folder.resolve("pytorch_model.bin"));
        refusedWith("pytorch_model.bin", "safe_serialization=True");
        Files.writeString(folder.resolve("adapter_config.json"), "{}");
        refusedWith("an adapter");
    }

    @Test
    void aFolderWithoutConfigAndABareFileOpenWithAnEmptyConfig() {
        shard("model.safetensors", "a");
        for (String argument : new String[] {folder.toString(), folder.resolve("model.safetensors").toString()}) {
            try (ModelSource model = ModelSources.open(argument)) {
                assertEquals(new JsonObject(), model.config());
                assertEquals(1, model.tensors().size());
            }
        }
    }

    @Test
    void whatIsNowhereIsRefused() throws IOException {
        for (String argument : new String[] {"no/such/model/anywhere", "nothing", "", "a\0b", "x+y", folder + "/a.txt"}) {
            assertThrows(RequestException.class, () -> ModelSources.open(argument).close(), argument);
        }
        Path text = Files.createFile(folder.resolve("a.txt"));
        assertThrows(RequestException.class, () -> ModelSources.open(text.toString()).close());
    }

    @Test
    void theCacheOfTheHubIsSearchedAsItsToolsDo() throws IOException {
        Path snapshot = Files.createDirectories(folder.resolve("hub/models--org--name/snapshots/abc123"));
        Path references = Files.createDirectories(folder.resolve("hub/models--org--name/refs/feature"));
        Files.writeString(references.resolveSibling("main"), "abc123\n");
        Files.writeString(references.resolve("x"), "abc123");
        Files.writeString(references.resolveSibling("gone"), "fff");
        Files.writeString(references.resolveSibling("evil"), "../../../..");
        for (Map<String, String> environment : List.of(Map.of("HF_HOME", folder.toString()), Map.of("HF_HUB_CACHE", folder.resolve("hub").toString(), "HF_HOME", "/nowhere")))
            for (String name : new String[] {"org/name", "org/name@main", "org/name@abc123", "org/name@feature/x"}) assertEquals(snapshot, HubCache.resolve(name, environment, folder));
        Map<String, String> environment = Map.of("HF_HOME", folder.toString());
        for (String name : new String[] {"org/other", "org/name@v2", "org/name@gone", "org/name@evil", "org/..", "org/name@../../x"})
            assertThrows(RequestException.class, () -> HubCache.resolve(name, environment, folder), name);
        assertEquals("fetch it with: hf download org/name --revision v2", assertThrows(RequestException.class, () -> HubCache.resolve("org/name@v2", environment, folder)).hint());
        assertEquals("fetch it with: hf download org/other", assertThrows(RequestException.class, () -> HubCache.resolve("org/other", environment, folder)).hint());
        assertThrows(RequestException.class, () -> HubCache.resolve("org/name", Map.of(), folder.resolve("empty")));
    }

    @Test
    void shardsAreFilledInOrderUpToTheLimit() {
        List<Spec> specs = new ArrayList<>();
        for (String name : new String[] {"a", "b", "c", "big", "d"}) specs.add(new Spec(name, DType.F32, Shape.of(name.equals("big") ? 100 : 2)));
        FolderLayout layout = FolderLayout.of(specs, 16, Map.of("k", "v"));
        assertEquals(List.of("model-00001-of-00004.safetensors", "model-00002-of-00004.safetensors", "model-00003-of-00004.safetensors", "model-00004-of-00004.safetensors"),
                layout.shards().stream().map(FolderLayout.Shard::fileName).toList());
        assertEquals(List.of("a", "b"), layout.shards().getFirst().layout().tensors().stream().map(Spec::name).toList());
        JsonObject index = layout.index().orElseThrow();
        assertEquals(432, index.getAsJsonObject("metadata").get("total_size").getAsLong());
        assertEquals(List.of("a", "b", "c", "big", "d"), List.copyOf(index.getAsJsonObject("weight_map").keySet()));
        FolderLayout single = FolderLayout.of(specs, 432, Map.of());
        assertEquals("model.safetensors", single.shards().getFirst().fileName());
        assertTrue(single.index().isEmpty());
    }

    @Test
    void sideFilesAreCopiedByteForByteAndNothingElse() throws IOException {
        Path to = Files.createDirectory(folder.resolve("to"));
        byte[] odd = {0, (byte) 0xff, '\r', '\n'};
        Files.createDirectories(folder.resolve("from/additional_chat_templates"));
        for (String name : new String[] {"tokenizer.json", "vocab.json", "generation_config.json", "chat_template.jinja", "additional_chat_templates/rag.jinja", "config.json", "x.py"})
            Files.write(folder.resolve("from").resolve(name), odd);
        Files.createSymbolicLink(folder.resolve("from/merges.txt"), folder.resolve("from/x.py"));
        assertEquals(6, SideFiles.copy(folder.resolve("from"), to).size());
        for (Path each : SideFiles.of(to)) assertArrayEquals(odd, Files.readAllBytes(to.resolve(each)));
        assertTrue(Files.isRegularFile(to.resolve("merges.txt"), java.nio.file.LinkOption.NOFOLLOW_LINKS));
        assertTrue(Files.notExists(to.resolve("config.json")) && Files.notExists(to.resolve("x.py")));
    }
}
