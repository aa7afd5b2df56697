/** Files and folders that appear whole or not at all, and sizes as people write them. */
package io.graft.formats.files;
