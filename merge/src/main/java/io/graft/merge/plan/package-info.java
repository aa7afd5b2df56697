/** What a merge will do, tensor by tensor, decided before anything is written. */
package io.graft.merge.plan;
