package io.graft.merge.experiment;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where what a study names is found. */
final class Paths {

    private Paths() {}

    /** A model argument: beside the study if it is there, else as any command takes it; {@code ~} is the user's home. */
    static String model(String argument, Path folder) {
        String home = argument.startsWith("~/") ? System.getProperty("user.home") + argument.substring(1) : argument;
        if (Files.exists(Path.of(home))) return home;
        int plus = home.lastIndexOf('+');
        if (plus > 0) return model(home.substring(0, plus), folder) + "+" + model(home.substring(plus + 1), folder);
        Path beside = folder.resolve(home);
        return Files.exists(beside) ? beside.toString() : home;
    }

    /** A data file: under the data root if it is there, else beside the study, else as it is. */
    static Path data(String name, Study study) {
        for (Path folder : new Path[] {study.dataRoot(), study.folder()}) {
            Path file = folder.resolve(name);
            if (Files.isRegularFile(file)) return file;
        }
        return Path.of(name);
    }
}
