package io.graft.merge.train;

import com.google.gson.JsonPrimitive;
import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.engine.memory.Shape;
import io.graft.engine.model.Architecture;
import io.graft.engine.model.WeightShapes;
import io.graft.engine.train.AdamW;
import io.graft.engine.train.Schedule;
import io.graft.engine.train.TrainBatch;
import io.graft.formats.huggingface.Architectures;
import io.graft.formats.model.ModelSource;
import io.graft.formats.peft.AdaptedModel;
import io.graft.formats.peft.Adapter;
import io.graft.formats.peft.AdapterConfig;
import io.graft.merge.run.Models;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;

/** A training with everything opened, read and checked, before memory is taken and before anything is written. */
final class TrainSetup implements AutoCloseable {

    /** A part: the names of its weights, its data, how it takes a step, its learning rates by its own steps. */
    record Part(Set<String> names, PartData data, AdamW.Settings optimizer, Schedule schedule) {}

    final TrainConfig config;
    final ModelSource model;
    /** The adapter that is trained; null for none. */
    final Adaptation adaptation;
    /** The adapter with which it goes on; null for none. */
    final Adapter given;
    final Architecture architecture;
    final TrainingWeights weights;
    /** The weights that the architecture has. */
    final SequencedMap<String, Shape> shapes;
    final List<Part> parts = new ArrayList<>();
    final List<TrainBatch> validation;
    final int steps;
    private final TrainData data;

    private TrainSetup(TrainConfig config, ModelSource source) {
        this.config = config;
        boolean goesOn = config.lora() == null && source instanceof AdaptedModel;
        given = goesOn ? ((AdaptedModel) source).adapter() : null;
        model = goesOn ? ((AdaptedModel) source).base() : source;
        adaptation = goesOn ? Adaptation.of(given, model) : config.lora() == null ? null : Adaptation.fresh(AdapterConfig.of("lora", config.lora()), model, config.seed());
        architecture = Architectures.of(model.name() + ": config.json", model.config());
        Set<String> trained = new LinkedHashSet<>();
        weights = new TrainingWeights(model, adaptation == null ? trained : Set.of());
        shapes = WeightShapes.check(model.name(), architecture, weights);
        data = new TrainData(config, model, architecture.vocabulary());
        if (adaptation != null) shapes.putAll(adaptation.trained());
        List<TrainConfig.Part> given = given();
        List<Set<String>> names = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            Set<String> chosen = chosen(i, given.get(i).trainable());
            for (String name : chosen) if (!trained.add(name)) throw new RequestException(where(i), name + " is in two parts of the partition", "parts that have nothing in common", name);
            names.add(chosen);
        }
        List<PartData> sources = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) sources.add(data.part(given.get(i).data(), i));
        steps = config.maxSteps() > 0 ? config.maxSteps() : sources.stream().mapToInt(each -> each.steps(config.epochs())).max().orElseThrow() * given.size();
        for (int i = 0; i < given.size(); i++) {
            TrainConfig.Optimizer optimizer = given.get(i).optimizer() == null ? config.optimizer() : given.get(i).optimizer();
            parts.add(new Part(names.get(i), sources.get(i), optimizer.settings(), schedule(given.get(i).schedule(), optimizer.rate(), i, given.size())));
        }
        validation = data.validation();
    }

    private List<TrainConfig.Part> given() { return config.partition().isEmpty() ? List.of(new TrainConfig.Part(config.trainable(), config.data(), null, null)) : config.partition(); }

    private String where(int part) { return config.partition().isEmpty() ? "trainable" : "partition." + part + ".trainable"; }

    private Set<String> chosen(int part, Selection selection) {
        if (adaptation == null) return new LinkedHashSet<>(selection.of(where(part), List.copyOf(shapes.keySet()), architecture.layers()));
        return new LinkedHashSet<>(selection.of(where(part), List.copyOf(adaptation.trained().keySet()), architecture.layers())); // places in the adapter
    }

    static TrainSetup open(TrainConfig config) {
        ModelSource model = config.model().fresh() == null ? Models.open(config.model().argument()) : new FreshModel(config.model().fresh());
        try {
            return new TrainSetup(config, model);
        } catch (RuntimeException | Error error) {
            model.close();
            throw error;
        }
    }

    /** The rates of a part's own steps. Those of a list of its own are one for each of them; those of the list of all, one for every step of all parts. */
    private Schedule schedule(TrainConfig.Rates apart, double peak, int part, int of) {
        TrainConfig.Rates rates = apart == null ? config.schedule() : apart;
        int own = Math.max(1, (steps - part + of - 1) / of), first = apart == null ? part : 0, stride = apart == null ? of : 1;
        if (rates.name().equals("list")) {
            int needed = apart == null ? steps : own;
            if (rates.rates().size() < needed)
                throw new RequestException(apart == null ? "schedule.rates" : "partition." + part + ".schedule.rates", "too few", needed + " of them, one a step", rates.rates().size());
            List<Double> mine = new ArrayList<>();
            for (int step = first; step < needed; step += stride) mine.add(rates.rates().get(step));
            return mine.isEmpty() ? Schedule.of(List.of(0.0)) : Schedule.of(mine);
        }
        int warmup = rates.warmupRatio() > 0 ? Schedule.warmupSteps(rates.warmupRatio(), own) : rates.warmupSteps();
        Schedule.Kind kind = switch (rates.name()) {
            case "linear" -> Schedule.Kind.LINEAR;
            case "cosine" -> Schedule.Kind.COSINE;
            default -> warmup > 0 ? Schedule.Kind.CONSTANT_WITH_WARMUP : Schedule.Kind.CONSTANT;
        };
        return Schedule.of(kind, peak, own, warmup, rates.minRatio());
    }

    Set<String> trained() {
        Set<String> all = new LinkedHashSet<>();
        for (Part each : parts) all.addAll(each.names);
        return all;
    }

    List<TrainOutline.Data> dataFacts() {
        return given().stream().map(part -> data.facts(part.data().stream().map(TrainConfig.DataFile::file).toList())).toList();
    }

    TrainOutline.Data validationFacts() { return config.validation().isEmpty() ? null : data.facts(config.validation()); }

    /** Data files, each once. */
    Set<Path> files() {
        Set<Path> files = new LinkedHashSet<>(config.validation());
        for (TrainConfig.DataFile each : config.data()) files.add(each.file());
        for (TrainConfig.Part part : config.partition()) for (TrainConfig.DataFile each : part.data()) files.add(each.file());
        return files;
    }

    /** What the output's floats are: as configured; else each as it is in the model; of a model from scratch as its config says. */
    DType dtype() {
        if (config.dtype() != null || config.model().fresh() == null) return config.dtype();
        for (String key : List.of("dtype", "torch_dtype"))
            if (model.config().get(key) instanceof JsonPrimitive named && named.isString()) {
                DType dtype = DType.ofName(named.getAsString());
                if (dtype != null && dtype.isComputable()) return dtype;
            }
        return null;
    }

    @Override
    public void close() {
        weights.close();
        if (given != null) given.close();
    }
}
