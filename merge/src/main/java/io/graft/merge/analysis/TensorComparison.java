package io.graft.merge.analysis;

import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;

/**
 * One tensor of both models.
 *
 * @param name   its name
 * @param place  its layer and module
 * @param dtype  its element type in A
 * @param shape  its sizes
 * @param result what was measured
 */
public record TensorComparison(String name, Place place, DType dtype, Shape shape, Comparison result) {}
