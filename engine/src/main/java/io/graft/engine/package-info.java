/** What every room of Graft shares: its errors. */
package io.graft.engine;
