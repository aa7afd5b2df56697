package io.graft.merge.experiment;

import java.util.LinkedHashMap;
import java.util.Map;

/** What the public data of the ready studies is, for who has not got it: where it comes from and under which licence. */
final class KnownFiles {

    private static final Map<String, String> ALL = new LinkedHashMap<>();

    static {
        ALL.put("lafand", "news sentences in English and Swahili, one a line, aligned: LAFAND-MT en-swa (github.com/masakhane-io/lafand-mt), CC BY-NC 4.0, so for experiments only");
        ALL.put("mawps_asdiv", "English word problems of MAWPS and ASDiv-A (github.com/arkilpatel/SVAMP, MIT) as JSON lines with question and answer");
        ALL.put("gsm8k", "GSM8K (github.com/openai/grade-school-math, MIT), JSON lines with question and answer");
        ALL.put("msvamp", "MSVAMP (github.com/microsoft/MathOctopus, MIT), test_{Language}.jsonl");
        ALL.put("mgsm", "MGSM (github.com/google-research/url-nlp, CC BY 4.0), mgsm_{language}.tsv and exemplars.json");
        ALL.put("orca", "Orca-Math word problems (huggingface.co/datasets/microsoft/orca-math-word-problems-200k, MIT) as JSON lines with question and answer");
        ALL.put("aya", "the Aya collection's instructions in this language (huggingface.co/datasets/CohereForAI/aya_collection_language_split, Apache 2.0) as JSON lines with inputs and targets");
        ALL.put("smollm2-135m", "SmolLM2-135M-Instruct (huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct, Apache 2.0), a Hugging Face folder or a GGUF; --base names another place");
        ALL.put("llama-3", "a model of Meta (huggingface.co/meta-llama, Llama 3.1 Community License); --base names another place");
        ALL.put("aya-expanse", "a model of Cohere (huggingface.co/CohereForAI/aya-expanse-8b, CC BY-NC 4.0); --base names another place");
        ALL.put("qwen2.5", "a model of Qwen (huggingface.co/Qwen, Apache 2.0); --base names another place");
        ALL.put("falcon3", "a model of TII (huggingface.co/tiiuae, Falcon LLM License 2.0); --base names another place");
    }

    private KnownFiles() {}

    /** What a file is; null where that is not known. */
    static String hint(String name) {
        String lower = name.toLowerCase(java.util.Locale.ROOT), best = null;
        int longest = 0;
        for (Map.Entry<String, String> each : ALL.entrySet())
            if (lower.contains(each.getKey()) && each.getKey().length() > longest) {
                best = each.getValue();
                longest = each.getKey().length();
            }
        return best;
    }
}
