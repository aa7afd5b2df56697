/** Benchmarks. */
package io.graft.bench;
