package io.graft.bench;

import io.graft.formats.huggingface.HuggingFaceFolder;
import io.graft.formats.model.ModelSource;
import io.graft.formats.model.SourceTensor;
import io.graft.merge.plan.MergePlan;
import io.graft.merge.plan.Operation;
import io.graft.merge.plan.Operation.Term;
import io.graft.merge.plan.TensorPlan;
import io.graft.merge.run.Merge;
import io.graft.merge.run.MergeOptions;
import io.graft.merge.run.MergeSummary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Merges of a 1.1B model against {@code cp} and {@code sync} of the same bytes, in turn, each merge in a JVM of its own with a
 * heap of 64 MB; says medians of the wall time from start to end of the process, and the peak of its anonymous memory.
 *
 * <pre>
 * ./mvnw -q -DskipTests package dependency:build-classpath -Dmdep.outputFile=target/cp -pl bench -am
 * java -cp CLASSPATH io.graft.bench.MergeBench FOLDER [ROUNDS] [THREADS]
 * </pre>
 * FOLDER gets 6.6 GB of models, which stay there, and 2.2 GB at a time of outputs, which do not.
 */
public final class MergeBench {

    /** The methods, each with the most times {@code cp} that it should take. */
    private static final Map<String, Double> TARGETS = new LinkedHashMap<>();

    static {
        TARGETS.put("layer_swap", 1.1);
        TARGETS.put("linear", 1.5);
        TARGETS.put("task_arithmetic", 1.7);
        TARGETS.put("slerp", 2.0);
    }

    private MergeBench() {}

    /**
     * Runs the benchmark.
     *
     * @param arguments the folder, how many rounds (default 5), how many threads (default all cores)
     * @throws Exception if anything fails
     */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 5 && arguments[0].equals("--merge")) {
            merge(arguments[1], Path.of(arguments[2]), Path.of(arguments[3]), Integer.parseInt(arguments[4]));
            return;
        }
        if (arguments.length < 1) throw new IllegalArgumentException("MergeBench FOLDER [ROUNDS] [THREADS]");
        Path folder = Path.of(arguments[0]).toAbsolutePath();
        int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 5;
        int threads = arguments.length > 2 ? Integer.parseInt(arguments[2]) : Runtime.getRuntime().availableProcessors();
        MergeTrio.build(folder);
        for (String name : List.of("base", "a", "b")) warm(folder.resolve(name + "/model.safetensors"));
        Map<String, List<Double>> seconds = new LinkedHashMap<>();
        Map<String, Long> peaks = new LinkedHashMap<>();
        for (int round = 0; round < rounds; round++) {
            seconds.computeIfAbsent("cp", _ -> new ArrayList<>()).add(copy(folder));
            for (String method : TARGETS.keySet()) {
                Path out = folder.resolve("out");
                long started = System.nanoTime();
                long peak = child(method, folder, out, threads);
                seconds.computeIfAbsent(method, _ -> new ArrayList<>()).add((System.nanoTime() - started) / 1e9);
                peaks.merge(method, peak, Math::max);
                delete(out);
            }
        }
        double cp = median(seconds.get("cp"));
        System.out.printf(Locale.ROOT, "%-16s %8s %8s %8s %14s%n", "", "seconds", "x cp", "target", "anonymous MB");
        for (var each : seconds.entrySet()) {
            double median = median(each.getValue());
            System.out.printf(Locale.ROOT, "%-16s %8.2f %8.2f %8s %14s  %s%n", each.getKey(), median, median / cp, TARGETS.getOrDefault(each.getKey(), 1.0),
                    peaks.containsKey(each.getKey()) ? peaks.get(each.getKey()) / 1000 : "", each.getValue().stream().map(s -> String.format(Locale.ROOT, "%.2f", s)).toList());
        }
    }

    private static double copy(Path folder) throws IOException, InterruptedException {
        Path out = folder.resolve("copy.safetensors");
        long started = System.nanoTime();
        Process process = new ProcessBuilder("sh", "-c", "cp \"$1\" \"$2\" && sync \"$2\"", "sh", folder.resolve("a/model.safetensors").toString(), out.toString()).inheritIO().start();
        if (process.waitFor() != 0) throw new IOException("cp failed");
        double seconds = (System.nanoTime() - started) / 1e9;
        Files.delete(out);
        return seconds;
    }

    /** {@return the peak of its anonymous memory in kB} */
    private static long child(String method, Path folder, Path out, int threads) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx64m",
                "-cp", System.getProperty("java.class.path"), MergeBench.class.getName(), "--merge", method, folder.toString(), out.toString(),
                String.valueOf(threads)).redirectError(ProcessBuilder.Redirect.DISCARD).redirectOutput(ProcessBuilder.Redirect.INHERIT).start();
        long peak = 0;
        Path status = Path.of("/proc/" + process.pid() + "/status");
        while (!process.waitFor(5, TimeUnit.MILLISECONDS)) peak = Math.max(peak, anonymous(status));
        if (process.exitValue() != 0) throw new IOException(method + " failed");
        return peak;
    }

    private static long anonymous(Path status) {
        try {
            for (String line : Files.readAllLines(status)) if (line.startsWith("RssAnon:")) return Long.parseLong(line.replaceAll("\\D", ""));
        } catch (IOException gone) {
            // It has just ended, or this is not Linux.
        }
        return 0;
    }

    private static void merge(String method, Path folder, Path out, int threads) {
        ModelSource base = HuggingFaceFolder.open(folder.resolve("base")), a = HuggingFaceFolder.open(folder.resolve("a")), b = HuggingFaceFolder.open(folder.resolve("b"));
        List<TensorPlan> tensors = new ArrayList<>();
        for (SourceTensor tensor : base.tensors().values())
            tensors.add(new TensorPlan(tensor.name(), tensor.dtype(), tensor.shape(), operation(method, tensor, a.tensors().get(tensor.name()), b.tensors().get(tensor.name()))));
        try (MergePlan plan = new MergePlan(method, List.of(base, a, b), tensors, base.config(), Optional.empty(), Map.of(), "merge_method: " + method + "\n", List.of())) {
            MergeSummary done = Merge.run(plan, out, MergeOptions.defaults().withThreads(threads));
            System.out.printf(Locale.ROOT, "%s: %.2f s of which %.2f sync; %d threads%n", method, done.seconds(), done.syncSeconds(), done.threads());
        }
    }

    private static Operation operation(String method, SourceTensor base, SourceTensor a, SourceTensor b) {
        return switch (method) {
            case "linear" -> new Operation.Linear(List.of(new Term(a, 0.6f), new Term(b, 0.4f)), true);
            case "slerp" -> new Operation.Slerp(a, b, 0.35);
            case "task_arithmetic" -> new Operation.TaskArithmetic(base, List.of(new Term(a, 0.6f), new Term(b, 0.3f)), false, 1);
            case "layer_swap" -> new Operation.Copy(outer(base.name()) ? a : b);
            default -> throw new IllegalArgumentException(method);
        };
    }

    /** Six layers at the bottom and two at the top are the language expert's. */
    private static boolean outer(String name) {
        if (!name.startsWith("model.layers.")) return true;
        int layer = Integer.parseInt(name.split("\\.")[2]);
        return layer < 6 || layer >= MergeTrio.LAYERS - 2;
    }

    private static void warm(Path file) throws IOException {
        try (var in = Files.newInputStream(file)) { in.transferTo(java.io.OutputStream.nullOutputStream()); }
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.list(folder)) { for (Path file : files.toList()) Files.delete(file); }
        Files.delete(folder);
    }

    private static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
