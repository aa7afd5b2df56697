package io.graft.merge.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.RunException;
import io.graft.engine.model.Batch;
import io.graft.engine.model.KvCache;
import io.graft.engine.model.Session;
import io.graft.engine.profile.Launch;
import io.graft.engine.profile.ProfiledKernels;
import io.graft.engine.profile.Roofline;
import io.graft.engine.profile.Summary;
import io.graft.formats.files.AtomicFile;
import io.graft.formats.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import jdk.jfr.Recording;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code graft profile}: where the time of a forward pass goes. */
@Command(name = "profile", description = "Shows which kernels take the time of a prefill and of decoding, against this machine's roofline.",
        footer = {"", "Warms up until C2 has compiled the kernels, measures the roofline (1.5 s), then runs one prefill and some decoding steps.",
            "--jfr FILE keeps every launch as an event graft.Kernel of the JDK Flight Recorder.",
            "--json prints kernels, threads, roof_flops_per_second, roof_bytes_per_second and phases, each with name, seconds and rows.", "",
            "Example: graft profile models/SmolLM2-135M-Instruct --html profile.html"})
final class ProfileCommand implements Runnable {

    /** Time for C2 to compile what a pass runs. */
    private static final long WARM_UP_NANOS = 3_000_000_000L;

    @Mixin
    private CommonOptions common;

    @Parameters(index = "0", paramLabel = "MODEL", description = "A folder, a .gguf file, folder+adapter, or a recipe (.yml).")
    private String model;

    @Parameters(index = "1", arity = "0..1", paramLabel = "PROMPT", description = "The text of the prefill (default: random tokens).")
    private String prompt;

    @Option(names = "--prefill", paramLabel = "N", description = "Random tokens of the prefill where no prompt is given (default: ${DEFAULT-VALUE}).")
    private int prefill = 256;

    @Option(names = "--decode", paramLabel = "N", description = "Decoding steps (default: ${DEFAULT-VALUE}).")
    private int decode = 16;

    @Option(names = "--html", paramLabel = "FILE", description = "Write a page with rooflines and timelines.")
    private Path html;

    @Option(names = "--jfr", paramLabel = "FILE", description = "Write a flight recording.")
    private Path jfr;

    private ProfileCommand() {}

    @Override
    public void run() {
        if (prefill < 1 || decode < 1) throw new RequestException("graft profile", "--prefill and --decode", "1 or more", Math.min(prefill, decode));
        try (RunningModel running = RunningModel.open(model, common, ProfiledKernels::new)) {
            ProfiledKernels kernels = (ProfiledKernels) running.kernels;
            int[] ids = prompt == null ? random(running.lm.architecture().vocabulary()) : running.needTokenizer().ids(prompt, true);
            if (ids.length == 0) throw new RequestException("graft profile", "the prompt has no token");
            try (Session session = running.lm.session(ids.length)) {
                for (long end = System.nanoTime() + WARM_UP_NANOS; System.nanoTime() < end;) pass(session, ids, kernels);
                Roofline roofline = Roofline.measure(kernels);
                List<ProfilePage.Phase> phases = jfr == null ? pass(session, ids, kernels) : recorded(() -> pass(session, ids, kernels));
                report(kernels, roofline, ids.length, phases);
            }
        }
    }

    private List<ProfilePage.Phase> pass(Session session, int[] ids, ProfiledKernels kernels) {
        try (KvCache text = session.cache(ids.length + decode)) {
            kernels.clear();
            Batch batch = new Batch().add(text, ids, 0, ids.length);
            session.run(batch);
            session.logits(new int[] {ids.length - 1}, 1, (_, _) -> {});
            List<Launch> first = kernels.launches();
            kernels.clear();
            for (int i = 0; i < decode; i++) {
                batch.clear();
                session.run(batch.add(text, ids, i % ids.length, i % ids.length + 1));
                session.logits(new int[] {0}, 1, (_, _) -> {});
            }
            return List.of(new ProfilePage.Phase("prefill of " + ids.length + " tokens", first), new ProfilePage.Phase("decoding of " + decode + " tokens", kernels.launches()));
        }
    }

    private <T> T recorded(Supplier<T> work) {
        try (Recording recording = new Recording()) {
            recording.enable("graft.Kernel").withoutThreshold();
            recording.start();
            T result = work.get();
            recording.stop();
            recording.dump(jfr);
            return result;
        } catch (IOException error) {
            throw new RunException(jfr.toString(), "cannot be written: " + error.getMessage(), error);
        }
    }

    private int[] random(int vocabulary) {
        SplittableRandom random = new SplittableRandom(0);
        int[] ids = new int[prefill];
        for (int i = 0; i < ids.length; i++) ids[i] = random.nextInt(vocabulary);
        return ids;
    }

    private void report(ProfiledKernels kernels, Roofline roofline, int tokens, List<ProfilePage.Phase> phases) {
        String machine = kernels.description() + ", " + kernels.threads() + " threads; roof " + ProfilePage.rate(roofline.flopsPerSecond() / 1e9) + " GFLOP/s and "
                + ProfilePage.rate(roofline.bytesPerSecond() / 1e9) + " GB/s";
        if (common.json) System.out.println(Json.line(json(kernels, roofline, phases)));
        else {
            System.out.println(machine);
            table(phases.getFirst(), roofline, tokens);
            table(phases.getLast(), roofline, decode);
        }
        if (html == null) return;
        AtomicFile.write(html, ProfilePage.of("Where the time of " + model + " goes", machine, roofline, phases).getBytes(StandardCharsets.UTF_8));
        common.note("wrote " + html);
    }

    private static void table(ProfilePage.Phase phase, Roofline roofline, int tokens) {
        Summary summary = Summary.of(phase.launches(), roofline);
        System.out.println();
        System.out.println(phase.name() + ": " + ProfilePage.millis(summary.wall()) + ", " + ProfilePage.rate(tokens / summary.wall()) + " tokens/s");
        Table table = new Table("operation", "shape", ">launches", ">time", ">share", ">GFLOP/s", ">GB/s", ">of roof");
        for (Summary.Row row : summary.rows())
            table.row(row.operation(), row.shape(), Integer.toString(row.launches()), ProfilePage.millis(row.seconds()), Text.percent(row.seconds() / summary.wall()),
                    ProfilePage.rate(row.gigaflops()), ProfilePage.rate(row.gigabytes()), Text.percent(row.ofRoofline()));
        double outside = Math.max(0, summary.wall() - summary.seconds());
        table.row("(outside kernels)", "", "", ProfilePage.millis(outside), Text.percent(outside / summary.wall()), "", "", "");
        table.print(System.out, 0);
    }

    private static JsonObject json(ProfiledKernels kernels, Roofline roofline, List<ProfilePage.Phase> phases) {
        JsonObject json = new JsonObject();
        json.addProperty("kernels", kernels.description());
        json.addProperty("threads", kernels.threads());
        json.addProperty("roof_flops_per_second", roofline.flopsPerSecond());
        json.addProperty("roof_bytes_per_second", roofline.bytesPerSecond());
        JsonArray all = new JsonArray();
        for (ProfilePage.Phase phase : phases) {
            Summary summary = Summary.of(phase.launches(), roofline);
            JsonObject told = new JsonObject();
            told.addProperty("name", phase.name());
            told.addProperty("seconds", summary.wall());
            JsonArray rows = new JsonArray();
            for (Summary.Row row : summary.rows()) {
                JsonObject each = new JsonObject();
                each.addProperty("operation", row.operation());
                each.addProperty("shape", row.shape());
                each.addProperty("launches", row.launches());
                each.addProperty("seconds", row.seconds());
                each.addProperty("flops", row.flops());
                each.addProperty("bytes", row.bytes());
                each.addProperty("share_of_roofline", row.ofRoofline());
                rows.add(each);
            }
            told.add("rows", rows);
            all.add(told);
        }
        json.add("phases", all);
        return json;
    }
}
