package io.graft.merge.train;

import io.graft.engine.RunException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.memory.Tensor;
import io.graft.formats.json.Json;
import io.graft.formats.model.SourceTensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * What must be the same for a training to go on from a checkpoint: everything that changes a bit of the weights or of the metrics.
 * Not among it: output, dtype, how often checkpoints are written, and what happens with a loss that is not finite.
 */
final class Fingerprint {

    /** So many elements of every weight tell one model from another of the same shape. */
    private static final int SAMPLE = 64;

    private final MessageDigest digest;

    private Fingerprint() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible); // every JVM has it
        }
    }

    static String of(TrainSetup setup) {
        Fingerprint print = new Fingerprint();
        TrainConfig config = setup.config;
        print.add(Json.line(setup.model.config()));
        for (Object each : new Object[] {config.shuffle(), config.packing(), config.maxLength(), config.batchSize(), config.gradientAccumulation(), setup.steps, config.optimizer(), config.schedule(),
            config.validation().isEmpty() ? 0 : config.validationSteps(), config.select(), config.patience(), config.minDelta(), config.seed(), config.lora() == null ? "" : Json.line(config.lora())})
            print.add(String.valueOf(each));
        for (TrainSetup.Part part : setup.parts) print.add(String.join(" ", part.names()));
        for (TrainConfig.DataFile each : config.data()) print.add(String.valueOf(each.weight()));
        for (TrainConfig.Part part : config.partition()) {
            for (TrainConfig.DataFile each : part.data()) print.add(each.file() + " " + each.weight());
            print.add(part.optimizer() + " " + part.schedule());
        }
        for (Path file : setup.files()) print.add(file);
        if (setup.given != null) print.add(Json.line(setup.given.config().json()));
        print.weights(setup);
        return HexFormat.of().formatHex(print.digest.digest());
    }

    private void add(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
        digest.update(bytes);
    }

    private void add(Path file) {
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int read; (read = in.read(buffer)) > 0;) digest.update(buffer, 0, read);
        } catch (IOException error) {
            throw new RunException(file.toString(), "cannot be read: " + error.getMessage(), error);
        }
        add("end");
    }

    private void weights(TrainSetup setup) {
        try (Tensor sample = Tensor.allocate("sample", DType.F32, Shape.of(SAMPLE))) {
            List<SourceTensor> all = new ArrayList<>(setup.model.tensors().values());
            if (setup.given != null) {
                all.addAll(setup.given.replaced().values());
                setup.given.pairs().values().forEach(pair -> all.addAll(List.of(pair.a(), pair.b())));
            }
            for (SourceTensor each : all) {
                add(each.name() + " " + each.dtype() + " " + each.shape());
                if (!each.dtype().isComputable()) continue;
                long count = Math.min(SAMPLE, each.shape().elements());
                each.readF32(0, count, sample.segment());
                digest.update(sample.segment().asSlice(0, 4 * count).asByteBuffer());
            }
        }
    }
}
