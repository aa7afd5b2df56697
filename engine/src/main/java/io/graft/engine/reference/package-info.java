/** Models computed plainly in double: the truth that the engine's single precision is measured by. Not fast, and not meant to be. */
package io.graft.engine.reference;
