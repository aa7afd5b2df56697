package io.graft.bench;

import io.graft.engine.model.Architecture;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** The same training step by PyTorch and Transformers, in a process of its own. */
final class TrainPeer {

    private static final String PROGRAM = """
            import sys, time, resource, torch
            from transformers import LlamaConfig, LlamaForCausalLM
            layers, hidden, inner, vocabulary, heads, kv, dim, texts, length, rounds, threads = map(int, sys.argv[1:])
            torch.set_num_threads(threads)
            model = LlamaForCausalLM(LlamaConfig(vocab_size=vocabulary, hidden_size=hidden, intermediate_size=inner, num_hidden_layers=layers,
                num_attention_heads=heads, num_key_value_heads=kv, head_dim=dim, tie_word_embeddings=True, max_position_embeddings=2048, use_cache=False))
            optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, betas=(0.9, 0.95), weight_decay=0.1)
            ids = torch.randint(0, vocabulary, (texts, length))
            best = 1e9
            for i in range(1 + rounds):
                start = time.perf_counter()
                optimizer.zero_grad()
                model(input_ids=ids, labels=ids).loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                if i: best = min(best, time.perf_counter() - start)
            print(texts * length / best, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9)
            """;

    private TrainPeer() {}

    /** {@return tokens a second and gigabytes at most; nothing where there is no such Python} */
    static double[] measure(Architecture shape, int texts, int length, int rounds, int threads) {
        Architecture.Attention attention = shape.attention();
        int[] numbers = {shape.layers(), shape.hidden(), shape.intermediate(), shape.vocabulary(), attention.heads(), attention.kvHeads(), attention.headDim(), texts, length, rounds, threads};
        ProcessBuilder process = new ProcessBuilder(System.getenv().getOrDefault("GRAFT_PYTHON", "python3"), "-c", PROGRAM).redirectError(ProcessBuilder.Redirect.DISCARD);
        for (int number : numbers) process.command().add(String.format(Locale.ROOT, "%d", number));
        try {
            String said = new String(process.start().getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            int space = said.lastIndexOf(' ');
            return space < 0 ? new double[0] : new double[] {Double.parseDouble(said.substring(0, space)), Double.parseDouble(said.substring(space + 1))};
        } catch (IOException none) {
            return new double[0];
        }
    }
}
