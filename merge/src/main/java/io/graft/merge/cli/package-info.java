/** The command line: one class a command, all with one set of manners. Nothing outside this package uses its libraries. */
package io.graft.merge.cli;
