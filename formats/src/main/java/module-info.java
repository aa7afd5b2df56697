/** Bytes on disk as typed views: safetensors, Hugging Face folders, GGUF, PEFT adapters, tokenizers. */
module io.graft.formats {
    requires transitive io.graft.engine;
    requires transitive com.google.gson;

    exports io.graft.formats.chat;
    exports io.graft.formats.convert;
    exports io.graft.formats.examples;
    exports io.graft.formats.files;
    exports io.graft.formats.gguf;
    exports io.graft.formats.huggingface;
    exports io.graft.formats.json;
    exports io.graft.formats.model;
    exports io.graft.formats.peft;
    exports io.graft.formats.safetensors;
    exports io.graft.formats.tokenizer;
    exports io.graft.formats.weights;
}
