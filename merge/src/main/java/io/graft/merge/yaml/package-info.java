/** YAML as a tree that knows its lines, the steps of binding it, and problems collected so that one run tells them all. */
package io.graft.merge.yaml;
