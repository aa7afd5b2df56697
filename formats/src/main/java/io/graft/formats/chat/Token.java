package io.graft.formats.chat;

/** A part of a template's source: text, the ends of a tag, or a word inside one. */
record Token(Kind kind, String text, int line) {

    enum Kind { TEXT, BLOCK_BEGIN, BLOCK_END, VALUE_BEGIN, VALUE_END, NAME, STRING, INTEGER, DECIMAL, OPERATOR, END }

    boolean is(Kind other) { return kind == other; }

    boolean is(Kind other, String same) { return kind == other && text.equals(same); }

    boolean isOperator(String same) { return is(Kind.OPERATOR, same); }

    boolean isName(String same) { return is(Kind.NAME, same); }
}
