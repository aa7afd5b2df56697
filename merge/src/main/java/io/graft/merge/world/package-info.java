/** A small world with two languages, made from a seed: the data in which layer swapping can be seen on two cores. */
package io.graft.merge.world;
