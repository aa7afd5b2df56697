/** The arithmetic of merge methods: an operation upon a block of elements. Knows no files. */
package io.graft.merge.method;
