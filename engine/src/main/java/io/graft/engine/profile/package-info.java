/** What kernels did and how long it took: as JFR events, as a table, against the machine's roofline. */
package io.graft.engine.profile;
