package io.graft.merge.yaml;

/**
 * A place in a document.
 *
 * @param file   what the document is called
 * @param line   from 1; 0 where the place is the document as a whole
 * @param column from 1
 */
public record Mark(String file, int line, int column) {

    /** {@return {@code file:line:column}, or the file alone} */
    @Override
    public String toString() { return line == 0 ? file : file + ":" + line + ":" + column; }
}
