package io.graft.merge.world;

/** How large the two numbers of a story are. */
public enum Size {
    /** Both at most 9. */
    SMALL,
    /** At least one above 9. */
    LARGE,
    /** Either, 1 to 20. */
    ANY;

    /** The greatest number of all. */
    static final int MOST = 20;
    /** The greatest small one. */
    static final int FEW = 9;

    /** {@return the greatest number that can stand in a story of this size} */
    int most() { return this == SMALL ? FEW : MOST; }

    /** Whether two numbers are of this size. */
    boolean has(int first, int second) {
        boolean small = first <= FEW && second <= FEW;
        return this == ANY || (this == SMALL) == small;
    }
}
