package io.graft.formats.gguf;

/**
 * Where the rows of one head stand: Hugging Face keeps the two halves of a rotated head apart, llama.cpp puts the partners of
 * each rotation side by side. With D the width of a head, its row (s, i), s of 2 halves, i of D/2, is row s·D/2 + i there and
 * 2i + s in the file.
 *
 * @param width D, even
 */
record HeadOrder(long width) {

    /** The row in the file of a row of Hugging Face's. */
    long inFile(long row) {
        long within = row % width;
        return row - within + 2 * (within % (width / 2)) + within / (width / 2);
    }

    /** The row of Hugging Face's of a row in the file: the inverse of {@link #inFile}. */
    long inModel(long row) {
        long within = row % width;
        return row - within + within % 2 * (width / 2) + within / 2;
    }
}
