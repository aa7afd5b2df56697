package io.graft.engine.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.kernel.Kernels;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model's logits are the same bits by scalar and vector kernels, on any number of threads: of a prompt, and of a token after it. */
class SameBitsTest {

    @ParameterizedTest
    @ValueSource(strings = {"llama_bf16", "cohere", "gemma2"})
    void kernelsAndThreadsDoNotChangeABit(String name) {
        ArchFixture fixture = ArchFixture.of(name);
        List<float[]> expected = logits(fixture, "scalar", 1);
        assertTrue(expected.size() > 8, "a prompt that is packed, and a token that is not");
        for (String choice : List.of("scalar", "vector"))
            for (int threads = 1; threads <= 3; threads++) {
                List<float[]> found = logits(fixture, choice, threads);
                for (int row = 0; row < expected.size(); row++) assertArrayEquals(expected.get(row), found.get(row), choice + " on " + threads + " threads, row " + row);
            }
    }

    private static List<float[]> logits(ArchFixture fixture, String choice, int threads) {
        List<float[]> rows = new ArrayList<>();
        int[] ids = fixture.ids(0);
        try (Kernels kernels = Kernels.open(choice, threads); CausalLm model = new CausalLm(fixture.architecture(), fixture.source(), kernels); Session session = model.session();
                KvCache cache = session.cache(ids.length)) {
            int prompt = ids.length - 1;
            session.run(new Batch().add(cache, ids, 0, prompt));
            for (int t = 0; t < prompt; t++) session.logits(new int[] {t}, 1, (_, row) -> rows.add(row.clone()));
            session.run(new Batch().add(cache, ids, prompt, prompt + 1));
            session.logits(new int[] {0}, 1, (_, row) -> rows.add(row.clone()));
        }
        return rows;
    }
}
