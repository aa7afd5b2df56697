/** What every kind of model on disk looks like from inside: named tensors that can be read in pieces, a config, side files. */
package io.graft.formats.model;
