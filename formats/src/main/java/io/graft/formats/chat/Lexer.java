package io.graft.formats.chat;

import io.graft.engine.RequestException;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts a template into tokens, white space trimmed as Transformers has it: the newline after a block goes
 * ({@code trim_blocks}), blanks before a block that begins its line go ({@code lstrip_blocks}), and a minus takes all of it.
 */
final class Lexer {

    private static final List<String> OPERATORS = List.of("**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ":", ".", "|", ";");

    private final String where, source;
    private final List<Token> tokens = new ArrayList<>();
    private int at, line = 1;
    /** Whether what comes next stands at the start of a line: set by a tag that ended with a newline. */
    private boolean lineStart = true;

    Lexer(String where, String source) {
        this.where = where;
        String lines = source.replace("\r\n", "\n").replace('\r', '\n');
        this.source = lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines;
    }

    List<Token> tokens() {
        while (at < source.length()) {
            int tag = nextTag();
            text(tag);
            if (tag == source.length()) break;
            char kind = source.charAt(tag + 1);
            at = tag + 2;
            if (at < source.length() && (source.charAt(at) == '-' || source.charAt(at) == '+')) at++;
            if (kind == '#') comment();
            else if (kind == '%' && raw()) continue;
            else inside(kind);
        }
        tokens.add(new Token(Token.Kind.END, "the end of the template", line));
        return tokens;
    }

    private int nextTag() {
        for (int i = at; i + 1 < source.length(); i++)
            if (source.charAt(i) == '{' && "{%#".indexOf(source.charAt(i + 1)) >= 0) return i;
        return source.length();
    }

    /** The text up to a tag, less what the tag takes off its end. */
    private void text(int tag) {
        String text = source.substring(at, tag);
        int length = text.length();
        if (tag < source.length()) {
            char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
            if (sign == '-') {
                length = Values.stripEnd(text).length();
            } else if (sign != '+' && source.charAt(tag + 1) != '{') {
                int begin = text.lastIndexOf('\n') + 1;
                if ((begin > 0 || lineStart) && text.substring(begin).isBlank()) length = begin;
            }
        }
        if (length > 0) tokens.add(new Token(Token.Kind.TEXT, text.substring(0, length), line));
        skip(text.length());
    }

    private void skip(int count) {
        for (int end = at + count; at < end; at++)
            if (source.charAt(at) == '\n') line++;
    }

    private void comment() {
        int end = source.indexOf("#}", at);
        if (end < 0) throw error("a comment has no end");
        boolean all = source.charAt(end - 1) == '-' && end > at;
        skip(end - at + 2);
        after(all, source.charAt(end - 1) != '+');
    }

    /** Behind a tag: takes all white space, or the one newline of a block. */
    private void after(boolean all, boolean newline) {
        int from = at;
        if (all) {
            while (at < source.length() && Values.isSpace(source.charAt(at))) skip(1);
        } else if (newline && at < source.length() && source.charAt(at) == '\n') {
            skip(1);
        }
        lineStart = at > from && source.charAt(at - 1) == '\n';
    }

    /** A block whose text is no template: {@code {% raw %} ... {% endraw %}}. */
    private boolean raw() {
        int word = at;
        while (word < source.length() && Values.isSpace(source.charAt(word))) word++;
        if (!source.startsWith("raw", word)) return false;
        int close = source.indexOf("%}", word);
        if (close < 0 || !source.substring(word + 3, close).replaceFirst("[-+]$", "").isBlank()) return false;
        skip(close + 2 - at);
        after(source.charAt(close - 1) == '-', source.charAt(close - 1) != '+');
        for (int end = source.indexOf("{%", at); end >= 0; end = source.indexOf("{%", end + 2)) {
            int stop = source.indexOf("%}", end);
            if (stop < 0 || !source.substring(end + 2, stop).replaceFirst("^[-+]", "").replaceFirst("[-+]$", "").strip().equals("endraw")) continue;
            text(end);
            skip(stop + 2 - at);
            after(source.charAt(stop - 1) == '-', source.charAt(stop - 1) != '+');
            return true;
        }
        throw error("a raw block has no end");
    }

    private void inside(char kind) {
        boolean block = kind == '%';
        String end = block ? "%}" : "}}";
        tokens.add(new Token(block ? Token.Kind.BLOCK_BEGIN : Token.Kind.VALUE_BEGIN, "{" + kind, line));
        int brackets = 0;
        while (true) {
            while (at < source.length() && Values.isSpace(source.charAt(at))) skip(1);
            if (at >= source.length()) throw error("a tag has no end; expected " + end);
            char c = source.charAt(at);
            boolean sign = (c == '-' || c == '+') && source.startsWith(end, at + 1);
            if (brackets == 0 && (sign || source.startsWith(end, at))) {
                tokens.add(new Token(block ? Token.Kind.BLOCK_END : Token.Kind.VALUE_END, end, line));
                skip(sign ? 3 : 2);
                after(sign && c == '-', block && !sign);
                return;
            }
            if (c == '"' || c == '\'') string(c);
            else if (c >= '0' && c <= '9') number();
            else if (Character.isJavaIdentifierStart(c) && c != '$') name();
            else {
                String operator = OPERATORS.stream().filter(each -> source.startsWith(each, at)).findFirst().orElseThrow(() -> error("a character that has no meaning here: " + c));
                if ("([{".contains(operator)) brackets++;
                if (")]}".contains(operator)) brackets--;
                add(Token.Kind.OPERATOR, operator, operator.length());
            }
        }
    }

    private void add(Token.Kind kind, String text, int length) {
        tokens.add(new Token(kind, text, line));
        skip(length);
    }

    private void name() {
        int end = at;
        while (end < source.length() && Character.isJavaIdentifierPart(source.charAt(end)) && source.charAt(end) != '$') end++;
        add(Token.Kind.NAME, source.substring(at, end), end - at);
    }

    private void number() {
        int end = at;
        boolean decimal = false;
        while (end < source.length()) {
            char c = source.charAt(end);
            if (c == '.' && end + 1 < source.length() && Character.isDigit(source.charAt(end + 1)) || c == 'e' || c == 'E') decimal = true;
            else if (!Character.isDigit(c) && c != '_' && !(decimal && (c == '-' || c == '+') && Character.toLowerCase(source.charAt(end - 1)) == 'e')) break;
            end++;
        }
        add(decimal ? Token.Kind.DECIMAL : Token.Kind.INTEGER, source.substring(at, end).replace("_", ""), end - at);
    }

    private void string(char quote) {
        StringBuilder text = new StringBuilder();
        int i = at + 1;
        for (; i < source.length() && source.charAt(i) != quote; i++) {
            char c = source.charAt(i);
            if (c != '\\' || i + 1 >= source.length()) {
                text.append(c);
                continue;
            }
            char escape = source.charAt(++i);
            int digits = escape == 'x' ? 2 : escape == 'u' ? 4 : escape == 'U' ? 8 : 0;
            if (digits > 0) {
                try {
                    text.appendCodePoint(Integer.parseInt(source.substring(i + 1, i + 1 + digits), 16));
                } catch (IllegalArgumentException | IndexOutOfBoundsException wrong) {
                    throw error("an escape \\" + escape + " without its " + digits + " digits");
                }
                i += digits;
                continue;
            }
            switch (escape) {
                case 'n' -> text.append('\n');
                case 't' -> text.append('\t');
                case 'r' -> text.append('\r');
                case 'b' -> text.append('\b');
                case 'f' -> text.append('\f');
                case 'v' -> text.append('\u000B');
                case 'a' -> text.append('\u0007');
                case '0' -> text.append('\0');
                case '\n' -> { } // a line that goes on
                case '\\', '\'', '"' -> text.append(escape);
                default -> text.append('\\').append(escape);
            }
        }
        if (i >= source.length()) throw error("a string has no end");
        add(Token.Kind.STRING, text.toString(), i + 1 - at);
    }

    private RequestException error(String what) { return new RequestException(where + ", line " + line, what); }
}
