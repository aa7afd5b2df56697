package io.graft.engine.generate;

/** Text of tokens as they come; a tokenizer makes one. For one text and one thread. */
public interface TextStream {

    /**
     * Takes a token.
     *
     * @param id the token
     * @return the text that it completes, perhaps none; never half a character
     */
    String push(int id);

    /** {@return the text of bytes that were waiting for more} */
    String finish();
}
