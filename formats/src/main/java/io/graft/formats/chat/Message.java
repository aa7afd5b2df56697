package io.graft.formats.chat;

import com.google.gson.JsonObject;

/**
 * One turn of a conversation, as the template sees it.
 *
 * @param fields {@code role}, {@code content} and whatever else the template reads, such as {@code tool_calls}
 */
public record Message(JsonObject fields) {

    /**
     * A turn of text.
     *
     * @param role    such as {@code user}
     * @param content its text
     * @return the message
     */
    public static Message of(String role, String content) {
        JsonObject fields = new JsonObject();
        fields.addProperty("role", role);
        fields.addProperty("content", content);
        return new Message(fields);
    }
}
