package io.graft.merge.recipe;

import io.graft.merge.yaml.Mark;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * A model as a recipe names it.
 *
 * @param argument as a command line takes it: a folder, {@code org/name[@revision]}, a file, {@code folder+adapter}; relative
 *                 paths are relative to the working directory
 * @param mark     where it stands
 */
public record ModelRef(String argument, Mark mark) {

    /** {@return the same for two ways to write one path, such as {@code ./a} and {@code a}} */
    public String key() {
        String[] parts = argument.split("\\+", -1);
        for (int i = 0; i < parts.length; i++) {
            try {
                parts[i] = Path.of(parts[i]).normalize().toString();
            } catch (InvalidPathException notAPath) {
                continue; // the opener says what is wrong with it
            }
        }
        return String.join("+", parts);
    }

    @Override
    public String toString() { return argument; }
}
