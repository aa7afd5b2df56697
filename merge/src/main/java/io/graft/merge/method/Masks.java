package io.graft.merge.method;

import io.graft.merge.plan.Keep;

/** One thread's generators of random masks, one for each task vector of a tensor, which go forward with the pieces that it computes. */
final class Masks {

    private static final int BITS = 0xffffff;

    private final int[] draws = new int[Arithmetic.BLOCK];
    private MersenneTwister[] generators = new MersenneTwister[0];
    private long[] origins = new long[0];
    private MaskPlaces places;

    /**
     * The mask of a block: -1 where an element is kept, else 0, in the order of the elements.
     *
     * @param from  where masks begin
     * @param part  the task vector's number among those of its tensor
     * @param keep  its density and its first draw
     * @param index the block's first element
     * @param n     elements
     * @return the mask, until the next call
     */
    int[] block(MaskPlaces from, int part, Keep.Random keep, long index, int n) {
        generator(from, part, keep, keep.first() + index).draw(draws, n);
        // u < density, u = bits / 2^24: exact in whole numbers
        int limit = (int) Math.ceil(Math.min(1, Math.max(0, keep.density())) * (double) (BITS + 1));
        for (int i = 0; i < n; i++) draws[i] = (draws[i] & BITS) - limit >> 31;
        return draws;
    }

    private MersenneTwister generator(MaskPlaces from, int part, Keep.Random keep, long draw) {
        if (part >= generators.length) {
            generators = java.util.Arrays.copyOf(generators, part + 1);
            origins = java.util.Arrays.copyOf(origins, part + 1);
        }
        MersenneTwister generator = generators[part];
        if (generator == null || places != from || origins[part] != keep.first() || generator.position() > draw) {
            if (places != from) java.util.Arrays.fill(generators, null);
            places = from;
            origins[part] = keep.first();
            generators[part] = generator = from.at(keep.seed(), keep.first());
        }
        generator.skip(draw - generator.position());
        return generator;
    }
}
