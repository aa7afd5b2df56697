package io.graft.engine.generate;

import io.graft.engine.RequestException;
import java.util.List;
import java.util.Set;

/**
 * A text to continue.
 *
 * @param prompt       its tokens, one or more
 * @param maxNewTokens how many to add at most
 * @param sampling     how to choose them
 * @param stopTokens   tokens that end the text; they are among its tokens but not in its text
 * @param stopStrings  strings that end the text, themselves not part of it; need {@code text}
 * @param text         makes text of the new tokens; null where ids suffice
 */
public record Request(int[] prompt, int maxNewTokens, Sampling sampling, Set<Integer> stopTokens, List<String> stopStrings, TextStream text) {

    /**
     * Checks the request.
     *
     * @throws RequestException if the prompt is empty or has a negative token, or a stop string is empty or cannot be looked for
     */
    public Request {
        prompt = prompt.clone();
        stopTokens = Set.copyOf(stopTokens);
        stopStrings = List.copyOf(stopStrings);
        if (prompt.length == 0) throw new RequestException("prompt", "it has no token", "at least 1", 0);
        for (int id : prompt) if (id < 0) throw new RequestException("token " + id, "it is not in the vocabulary", "at least 0", id);
        if (maxNewTokens < 1) throw new RequestException("max-new-tokens", "out of range", "at least 1", maxNewTokens);
        if (stopStrings.contains("")) throw new RequestException("stop", "a stop string is empty");
        if (!stopStrings.isEmpty() && text == null) throw new RequestException("stop", "a stop string needs a tokenizer, and this model has none");
    }

    /**
     * A request by ids alone, greedy.
     *
     * @param prompt       its tokens, one or more
     * @param maxNewTokens how many to add at most
     */
    public Request(int[] prompt, int maxNewTokens) { this(prompt, maxNewTokens, Sampling.GREEDY, Set.of(), List.of(), null); }

    /** {@return the prompt; a copy} */
    @Override
    public int[] prompt() { return prompt.clone(); }
}
