/** Runs a planned merge: streams its inputs through bounded memory into a folder that appears whole or not at all. */
package io.graft.merge.run;
