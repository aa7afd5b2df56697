package io.graft.engine.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.graft.engine.RunException;
import io.graft.engine.memory.Owner;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.ModelSources;
import io.graft.formats.weights.ModelWeights;
import io.graft.tests.Fixtures;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who allocates what, and what becomes of a pass whose weights go away. */
class SessionMemoryTest {

    private static final int WINDOW = 200;
    private static final ArchFixture FIXTURE = ArchFixture.of("gemma2");

    @TempDir
    Path scratch;

    /**
     * Once C2 has compiled the kernels, a token allocates no native memory and less than 64 KB of heap, of all threads together. Until
     * then vectors are objects: so many windows of tokens are run until one is that good, and none needs 100 of them.
     */
    @Test
    void aWarmPassAllocatesNothingNativeAndLittleHeap() {
        try (CausalLm model = new CausalLm(FIXTURE.architecture(), FIXTURE.source(), TestKernels.SHARED); Session session = model.session(); KvCache cache = session.cache(WINDOW)) {
            decode(session, cache);
            long blocks = Owner.allocations(), best = Long.MAX_VALUE;
            int windows = 0;
            while (best >= 64 << 10 && windows++ < 100) {
                long start = heapOfAllThreads();
                decode(session, cache);
                best = (heapOfAllThreads() - start) / WINDOW;
            }
            System.out.println("a warm token allocates " + best + " bytes of heap, after " + windows * WINDOW + " tokens");
            assertEquals(blocks, Owner.allocations(), "native blocks");
            assertTrue(best < 64 << 10, best + " bytes of heap a token");
        }
    }

    private static void decode(Session session, KvCache cache) {
        Batch batch = new Batch();
        int[] ids = {7}, rows = {0};
        float[] kept = new float[300];
        cache.truncate(0);
        for (int token = 0; token < WINDOW; token++) {
            batch.clear();
            session.run(batch.add(cache, ids, 0, 1));
            session.logits(rows, 1, (_, row) -> System.arraycopy(row, 0, kept, 0, 300));
            ids[0] = (int) Math.abs(kept[0] * 1000) % 300;
        }
    }

    private static long heapOfAllThreads() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return Arrays.stream(threads.getThreadAllocatedBytes(threads.getAllThreadIds())).filter(bytes -> bytes > 0).sum();
    }

    @Test
    void closingReturnsAllMemory() {
        useAndClose(); // the kernels' own scratch, which sessions share, has its size now
        long before = Owner.liveBytes();
        useAndClose();
        assertEquals(before, Owner.liveBytes());
    }

    private static void useAndClose() {
        long before = Owner.liveBytes();
        try (CausalLm model = new CausalLm(FIXTURE.architecture(), FIXTURE.source(), TestKernels.SHARED); Session session = model.session(); KvCache cache = session.cache(3)) {
            session.run(new Batch().add(cache, new int[] {1, 2, 3, 4, 5}, 0, 5)); // grows the cache
            assertTrue(Owner.liveBytes() > before);
        }
    }

    @Test
    void aClosedModelIsAnExceptionNotACrash() {
        CausalLm model = new CausalLm(FIXTURE.architecture(), FIXTURE.source(), TestKernels.SHARED);
        try (Session session = model.session(); KvCache cache = session.cache(3)) {
            model.close();
            assertThrows(IllegalStateException.class, () -> session.run(new Batch().add(cache, new int[] {1}, 0, 1)));
            assertEquals(0, cache.length());
        }
    }

    /** A file cut short by another process: the pass says which file, and the text so far is as it was. */
    @Test
    void aTruncatedFileIsAnErrorThatNamesIt() throws IOException {
        Path folder = Files.createDirectories(scratch.resolve("model"));
        for (String file : new String[] {"config.json", "model.safetensors"}) Files.copy(Fixtures.requireCommitted("fixtures/checkpoints/llama_bf16").resolve(file), folder.resolve(file));
        folder.resolve("model.safetensors").toFile().setWritable(true);
        ModelSource source = ModelSources.open(folder.toString());
        try (CausalLm model = new CausalLm(Architectures.of("llama", source.config()), ModelWeights.of(source), TestKernels.SHARED); Session session = model.session(); KvCache cache = session.cache(8)) {
            int[] ids = {1, 2, 3, 4};
            session.run(new Batch().add(cache, ids, 0, 2));
            try (FileChannel file = FileChannel.open(folder.resolve("model.safetensors"), StandardOpenOption.WRITE)) {
                file.truncate(4096);
            }
            RunException error = assertThrows(RunException.class, () -> session.run(new Batch().add(cache, ids, 2, 4)));
            assertTrue(error.getMessage().contains("model.safetensors"), error.getMessage());
            assertEquals(2, cache.length());
        }
    }

    /** The mapped file and a copy of it give the same bits. */
    @Test
    void weightsOfAFolderAreTheMappedFile() {
        ModelSource source = ModelSources.open(Fixtures.requireCommitted("fixtures/checkpoints/llama_bf16").toString());
        ArchFixture copied = ArchFixture.of("llama_bf16");
        long before = Owner.liveBytes();
        try (CausalLm mapped = new CausalLm(copied.architecture(), ModelWeights.of(source), TestKernels.SHARED)) {
            for (String name : mapped.source().names()) assertTrue(mapped.source().tensor(name).isMapped(), name);
            assertEquals(before, Owner.liveBytes());
            try (CausalLm copy = new CausalLm(copied.architecture(), copied.source(), TestKernels.SHARED); Session one = mapped.session(); Session two = copy.session()) {
                float[][] a = CausalLmTest.logits(one, copied.ids(0), null), b = CausalLmTest.logits(two, copied.ids(0), null);
                for (int t = 0; t < a.length; t++) assertArrayEquals(a[t], b[t]);
            }
        }
    }
}
