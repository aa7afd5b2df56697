package io.graft.merge.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/**
 * Flags of mergekit-yaml that mean nothing here, each with its arity, so that command lines in the wild run as they are.
 * Graft uses no GPU, runs no code of a model, reads no pickle, and merges adapters while it reads them.
 */
final class MergekitFlags {

    @Option(names = "--allow-crimes", negatable = true, hidden = true)
    private Boolean allowCrimes;

    @Option(names = "--trust-remote-code", negatable = true, hidden = true)
    private Boolean trustRemoteCode;

    @Option(names = "--lazy-unpickle", negatable = true, hidden = true)
    private Boolean lazyUnpickle;

    @Option(names = "--cuda", negatable = true, hidden = true)
    private Boolean cuda;

    @Option(names = "--device", paramLabel = "DEVICE", hidden = true)
    private String device;

    @Option(names = "--low-cpu-memory", negatable = true, hidden = true)
    private Boolean lowCpuMemory;

    @Option(names = "--read-to-gpu", negatable = true, hidden = true)
    private Boolean readToGpu;

    @Option(names = "--multi-gpu", negatable = true, hidden = true)
    private Boolean multiGpu;

    @Option(names = "--gpu-rich", negatable = true, hidden = true)
    private Boolean gpuRich;

    @Option(names = "--async-write", negatable = true, hidden = true)
    private Boolean asyncWrite;

    @Option(names = "--clone-tensors", negatable = true, hidden = true)
    private Boolean cloneTensors;

    @Option(names = "--safe-serialization", negatable = true, hidden = true)
    private Boolean safeSerialization;

    @Option(names = "--transformers-cache", paramLabel = "DIR", hidden = true)
    private String transformersCache;

    @Option(names = "--lora-merge-cache", paramLabel = "DIR", hidden = true)
    private String loraMergeCache;

    @Option(names = "--lora-merge-dtype", paramLabel = "DTYPE", hidden = true)
    private String loraMergeDtype;

    /** {@return the flags that were given, as they are written without {@code no-}} */
    List<String> given() {
        List<String> names = new ArrayList<>();
        for (var field : MergekitFlags.class.getDeclaredFields()) {
            Option option = field.getAnnotation(Option.class);
            try {
                if (option != null && field.get(this) != null) names.add(option.names()[0]);
            } catch (IllegalAccessException impossible) {
                throw new IllegalStateException(impossible);
            }
        }
        return names;
    }
}
