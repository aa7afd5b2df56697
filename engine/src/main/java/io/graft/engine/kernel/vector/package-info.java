/** The only place with SIMD: loaded only where the JVM has jdk.incubator.vector. */
package io.graft.engine.kernel.vector;
