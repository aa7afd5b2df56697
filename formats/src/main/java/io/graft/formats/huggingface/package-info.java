/** Hugging Face's folders: configs, indexes, shards, the hub's cache. */
package io.graft.formats.huggingface;
