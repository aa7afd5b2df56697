package io.graft.merge.world;

/**
 * A line to learn from.
 *
 * @param prompt     what is read only; empty where all of it is learned
 * @param completion what is learned, with the blank before it
 */
public record Line(String prompt, String completion) {

    /** {@return it as JSON, of a kind that {@link io.graft.formats.examples.ExampleReader} reads} */
    public String json() {
        // No word of the world needs an escape.
        return prompt.isEmpty() ? "{\"text\": \"" + completion + "\"}" : "{\"prompt\": \"" + prompt + "\", \"completion\": \"" + completion + "\"}";
    }

    /** {@return all of it} */
    public String text() { return prompt + completion; }
}
