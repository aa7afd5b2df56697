package io.graft.merge.world;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** The vocabulary, a word a token, and the files that go with a model of this world. */
final class WorldTokenizer {

    private static final int NUMBERS = 2 * Size.MOST;
    private static final List<String> SIGNS = List.of("<pad>", "<bos>", ".", "?", "=", "+", "-", ";", "<unused0>", "<unused1>", TextKind.TRANSLATE, TextKind.ANSWER);

    private WorldTokenizer() {}

    /** All tokens by id: signs, numbers, English, then the other language in the same order. */
    static List<String> vocabulary(Lexicon lexicon) {
        List<String> all = new ArrayList<>(SIGNS);
        for (int number = 0; number <= NUMBERS; number++) all.add(Integer.toString(number));
        for (Language language : Language.values()) for (Lexicon.Word word : lexicon.words()) all.add(word.in(language));
        return all;
    }

    /** File name to text: config, tokenizer and generation config of a model of this world. */
    static SequencedMap<String, String> files(Lexicon lexicon) {
        List<String> vocabulary = vocabulary(lexicon);
        StringBuilder words = new StringBuilder();
        for (int id = 0; id < vocabulary.size(); id++) words.append("   \"").append(vocabulary.get(id)).append("\": ").append(id).append(id + 1 < vocabulary.size() ? ",\n" : "\n");
        SequencedMap<String, String> files = new LinkedHashMap<>();
        files.put("config.json", CONFIG.replace("VOCABULARY", Integer.toString(vocabulary.size())));
        files.put("generation_config.json", GENERATION);
        files.put("tokenizer.json", TOKENIZER.replace("WORDS\n", words));
        files.put("tokenizer_config.json", TOKENIZER_CONFIG);
        return files;
    }

    /** Small enough to train on two cores in minutes: 433,088 parameters; eight layers, so that there are boundaries to choose. */
    private static final String CONFIG = """
            {
              "architectures": [
                "LlamaForCausalLM"
              ],
              "model_type": "llama",
              "vocab_size": VOCABULARY,
              "hidden_size": 64,
              "intermediate_size": 176,
              "num_hidden_layers": 8,
              "num_attention_heads": 4,
              "num_key_value_heads": 4,
              "head_dim": 16,
              "hidden_act": "silu",
              "max_position_embeddings": 128,
              "rms_norm_eps": 1e-06,
              "rope_theta": 10000.0,
              "tie_word_embeddings": false,
              "attention_bias": false,
              "mlp_bias": false,
              "bos_token_id": 1,
              "eos_token_id": 2,
              "pad_token_id": 0,
              "torch_dtype": "float32",
              "initializer_range": 0.02,
              "use_cache": true
            }""";

    private static final String GENERATION = """
            {
              "bos_token_id": 1,
              "eos_token_id": 2,
              "pad_token_id": 0
            }""";

    private static final String TOKENIZER_CONFIG = """
            {
             "tokenizer_class": "PreTrainedTokenizerFast",
             "bos_token": "<bos>",
             "eos_token": ".",
             "pad_token": "<pad>",
             "model_max_length": 128
            }""";

    private static final String TOKENIZER = """
            {
             "version": "1.0",
             "truncation": null,
             "padding": null,
             "added_tokens": [
              {
               "id": 0,
               "content": "<pad>",
               "single_word": false,
               "lstrip": false,
               "rstrip": false,
               "normalized": false,
               "special": true
              },
              {
               "id": 1,
               "content": "<bos>",
               "single_word": false,
               "lstrip": false,
               "rstrip": false,
               "normalized": false,
               "special": true
              }
             ],
             "normalizer": null,
             "pre_tokenizer": {
              "type": "WhitespaceSplit"
             },
             "post_processor": null,
             "decoder": null,
             "model": {
              "type": "WordLevel",
              "vocab": {
            WORDS
              },
              "unk_token": "<pad>"
             }
            }""";
}
