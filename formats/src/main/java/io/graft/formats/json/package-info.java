/** JSON, strictly: no lenient syntax, no duplicate keys, bounded depth, numbers kept as written. */
package io.graft.formats.json;
