package io.graft.merge.train;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.engine.train.AdamW;
import io.graft.merge.plan.Role;
import io.graft.merge.yaml.Binder;
import io.graft.merge.yaml.Mark;
import io.graft.merge.yaml.Problems;
import io.graft.merge.yaml.YamlReader;
import io.graft.merge.yaml.YamlValue;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Binds the tree of a configuration to {@link TrainConfig}; all that is wrong is told at once. */
final class TrainConfigReader {

    private static final List<String> SCHEDULES = List.of("constant", "linear", "cosine", "list"), MODULES = List.of("attention", "mlp", "norm");
    private static final List<Role> ROLES = List.of(Role.ATTENTION, Role.MLP, Role.NORM);

    /** AdamW as PyTorch and Transformers set it. */
    private static final TrainConfig.Optimizer OPTIMIZER = new TrainConfig.Optimizer(5e-5, new AdamW.Settings(0.9, 0.999, 1e-8, 0, false, 1));

    private final Problems problems;
    private final Binder binder;

    private TrainConfigReader(Problems problems) {
        this.problems = problems;
        this.binder = new Binder(problems);
    }

    static TrainConfig read(String file, String text, List<String> overrides) {
        Problems problems = new Problems();
        return bind(YamlReader.read(file, text, problems), overrides, problems);
    }

    static TrainConfig of(Map<String, ?> values) { return bind(ConfigTree.of(values, new Mark("config", 0, 0)), List.of(), new Problems()); }

    static TrainConfig of(YamlValue tree) { return bind(tree, List.of(), new Problems()); }

    private static TrainConfig bind(YamlValue root, List<String> overrides, Problems problems) {
        for (String each : overrides) root = ConfigTree.with(root, each, problems);
        TrainConfig config = new TrainConfigReader(problems).config(root);
        problems.throwIfAny();
        return config;
    }

    private TrainConfig config(YamlValue root) {
        Fields fields = new Fields(problems, binder.table(root, "the configuration"), "the configuration");
        TrainConfig.Model model = model(fields, root.mark());
        String output = fields.text(null, "output");
        if (fields.get("output") == null) problems.add(root.mark(), "output is missing", "the folder to appear", "nothing");
        DType dtype = dtype(fields);
        List<TrainConfig.DataFile> data = data(fields, "data");
        List<Path> validation = data(fields, "validation").stream().map(TrainConfig.DataFile::file).toList();
        boolean shuffle = fields.truth(true, "shuffle"), packing = fields.truth(false, "packing");
        int maxLength = fields.count(1024, 2, "max_length"), batch = fields.count(1, 1, "batch_size"), accumulation = fields.count(1, 1, "gradient_accumulation");
        int maxSteps = fields.count(0, 1, "max_steps");
        double epochs = fields.number(maxSteps > 0 ? 0 : 1, 0, Integer.MAX_VALUE, "epochs");
        if (maxSteps > 0 && epochs > 0) problems.add(root.mark(), "max_steps and epochs both say when it ends", "one of them", "both");
        if (maxSteps == 0 && epochs == 0) problems.add(root.mark(), "epochs must be over 0", "over 0", "0");
        TrainConfig.Optimizer optimizer = optimizer(fields.below("optimizer"), OPTIMIZER);
        TrainConfig.Rates schedule = schedule(fields.below("schedule"), root.mark());
        Selection trainable = fields.get("trainable") == null ? new Selection.All() : selection(fields.get("trainable"));
        List<TrainConfig.Part> partition = partition(fields, data, optimizer);
        if (data.isEmpty() && partition.isEmpty()) problems.add(root.mark(), "data is missing", "files of examples", "nothing");
        if (!partition.isEmpty() && fields.has("trainable")) problems.add(root.mark(), "with a partition every part says what it trains", "no trainable beside partition", "both");
        JsonObject lora = LoraKeys.json(problems, fields.get("lora"));
        boolean recompute = fields.truth(false, "gradient_checkpointing");
        int checkpoint = fields.count(0, 0, "checkpoint_steps"), validate = fields.count(50, 1, "validation_steps");
        int select = fields.oneOf(0, List.of("last", "best"), "select");
        Fields stop = fields.below("early_stop");
        int patience = stop.count(0, 1, "patience");
        double minDelta = stop.number(0, 0, Double.MAX_VALUE, "min_delta");
        stop.done();
        if ((select == 1 || patience > 0) && validation.isEmpty()) problems.add(root.mark(), (select == 1 ? "select: best" : "early_stop") + " needs a validation loss", "validation: files of examples", "none");
        boolean skip = fields.oneOf(0, List.of("stop", "skip"), "on_non_finite") == 1;
        long seed = fields.whole(0, "seed");
        fields.done();
        return new TrainConfig(model, path(output, root.mark()), dtype, data, validation, shuffle, packing, maxLength, batch, accumulation, maxSteps, epochs, optimizer, schedule, trainable,
                partition, lora, recompute, checkpoint, validate, TrainConfig.Select.values()[select], patience, minDelta, skip, seed);
    }

    private TrainConfig.Model model(Fields fields, Mark mark) {
        YamlValue value = fields.get("model");
        if (value instanceof YamlValue.Table table) {
            Fields fresh = new Fields(problems, table, "model");
            String config = fresh.text(null, "config"), tokenizer = fresh.text(null, "tokenizer");
            if (fresh.get("config") == null) problems.add(table.mark(), "config is missing in model", "the config.json of a model to be made", "nothing");
            Fields init = fresh.below("init");
            double std = init.number(0.02, 0, Double.MAX_VALUE, "std");
            long seed = init.whole(0, "seed");
            init.done();
            fresh.done();
            return new TrainConfig.Model(null, new TrainConfig.Fresh(path(config, table.mark()), path(tokenizer, table.mark()), std, seed));
        }
        if (value == null) problems.add(mark, "model is missing", "a folder, a GGUF, folder+adapter, or {config, tokenizer, init}", "nothing");
        return new TrainConfig.Model(value == null ? null : binder.text(value, "model"), null);
    }

    private DType dtype(Fields fields) {
        YamlValue value = fields.get("dtype");
        if (value == null) return null;
        String name = binder.text(value, "dtype");
        DType dtype = name == null ? null : DType.ofName(name);
        if (name != null && (dtype == null || !dtype.isComputable())) problems.add(value.mark(), "no dtype of weights", "float32, bfloat16 or float16", name);
        return dtype;
    }

    private List<TrainConfig.DataFile> data(Fields fields, String key) {
        List<TrainConfig.DataFile> files = new ArrayList<>();
        for (YamlValue item : fields.several(key)) {
            String file;
            double weight = 0;
            if (item instanceof YamlValue.Table table) {
                Fields each = new Fields(problems, table, key);
                file = each.text(null, "file");
                if (each.get("file") == null) problems.add(table.mark(), "file is missing in " + key, "a file of JSON lines", "nothing");
                weight = each.number(0, Double.MIN_VALUE, Double.MAX_VALUE, "weight");
                each.done();
            } else {
                file = binder.text(item, key);
            }
            if (file != null) files.add(new TrainConfig.DataFile(path(file, item.mark()), weight));
        }
        return List.copyOf(files);
    }

    /** @param otherwise where a key is not given */
    private TrainConfig.Optimizer optimizer(Fields fields, TrainConfig.Optimizer otherwise) {
        AdamW.Settings usual = otherwise.settings();
        fields.oneOf(0, List.of("adamw"), "name");
        double rate = fields.number(otherwise.rate(), 0, Double.MAX_VALUE, "lr", "learning_rate");
        double[] betas = {usual.beta1(), usual.beta2()};
        YamlValue value = fields.get("betas");
        if (value instanceof YamlValue.Items list && list.items().size() == 2)
            for (int i = 0; i < 2; i++) betas[i] = binder.number(list.items().get(i), "betas", 0, Math.nextDown(1.0));
        else if (value != null) problems.add(value.mark(), "betas must be two numbers", "such as [0.9, 0.95]", value.kind());
        double epsilon = fields.number(usual.epsilon(), 0, Double.MAX_VALUE, "eps"), decay = fields.number(usual.weightDecay(), 0, Double.MAX_VALUE, "weight_decay");
        boolean all = fields.oneOf(usual.decayAll() ? 1 : 0, List.of("matrices", "all"), "weight_decay_on") == 1;
        double clip = fields.number(usual.clip(), 0, Double.MAX_VALUE, "clip", "max_grad_norm");
        fields.done();
        return new TrainConfig.Optimizer(rate, new AdamW.Settings(betas[0], betas[1], epsilon, decay, all, clip));
    }

    private TrainConfig.Rates schedule(Fields fields, Mark mark) {
        String name = SCHEDULES.get(fields.oneOf(0, SCHEDULES, "name"));
        int warmup = fields.count(0, 0, "warmup_steps");
        double ratio = fields.number(0, 0, 1, "warmup_ratio"), least = fields.number(0, 0, 1, "min_ratio");
        if (warmup > 0 && ratio > 0) problems.add(mark, "warmup_steps and warmup_ratio both say how long the warm-up is", "one of them", "both");
        List<Double> rates = new ArrayList<>();
        for (YamlValue item : fields.several("rates")) rates.add(binder.number(item, "rates", 0, Double.MAX_VALUE));
        if (name.equals("list") == rates.isEmpty()) problems.add(mark, "a schedule of the kind " + name + (rates.isEmpty() ? " needs rates" : " has no rates"), "rates with name: list", name);
        fields.done();
        return new TrainConfig.Rates(name, warmup, ratio, least, List.copyOf(rates));
    }

    private Selection selection(YamlValue value) {
        if (value instanceof YamlValue.Text text && text.text().equals("all")) return new Selection.All();
        if (value instanceof YamlValue.Table table) return placed(table);
        List<Pattern> patterns = new ArrayList<>();
        for (YamlValue item : value instanceof YamlValue.Items ? binder.items(value, "trainable") : List.of(value)) {
            String text = binder.text(item, "trainable");
            if (text == null) continue;
            try {
                patterns.add(Pattern.compile(text));
            } catch (PatternSyntaxException wrong) {
                problems.add(item.mark(), "no regular expression: " + wrong.getDescription(), null, text);
            }
        }
        return new Selection.Named(patterns);
    }

    private Selection placed(YamlValue.Table table) {
        Fields fields = new Fields(problems, table, "trainable");
        SortedSet<Integer> layers = fields.layers("layers");
        Set<Role> modules = EnumSet.noneOf(Role.class);
        boolean inLayers = fields.get("layers") != null || fields.get("modules") != null;
        if (fields.get("modules") == null && inLayers) modules.addAll(ROLES);
        for (YamlValue item : fields.several("modules")) {
            int place = binder.oneOf(item, "modules", MODULES);
            if (place >= 0) modules.add(ROLES.get(place));
        }
        boolean embeddings = fields.truth(false, "embeddings"), norm = fields.truth(false, "final_norm"), head = fields.truth(false, "lm_head");
        fields.done();
        return new Selection.Placed(layers, modules, embeddings, norm, head);
    }

    private List<TrainConfig.Part> partition(Fields fields, List<TrainConfig.DataFile> shared, TrainConfig.Optimizer all) {
        List<TrainConfig.Part> parts = new ArrayList<>();
        for (YamlValue item : fields.several("partition")) {
            YamlValue.Table table = binder.table(item, "a part of partition");
            if (table == null) continue;
            Fields part = new Fields(problems, table, "partition");
            YamlValue trainable = part.get("trainable");
            if (trainable == null) problems.add(table.mark(), "trainable is missing in a part of partition", "what it trains", "nothing");
            List<TrainConfig.DataFile> data = data(part, "data");
            TrainConfig.Optimizer optimizer = part.get("optimizer") == null ? null : optimizer(part.below("optimizer"), all);
            TrainConfig.Rates schedule = part.get("schedule") == null ? null : schedule(part.below("schedule"), table.mark());
            part.done();
            if (data.isEmpty() && shared.isEmpty()) problems.add(table.mark(), "data is missing in a part of partition", "files of examples", "nothing");
            if (trainable != null) parts.add(new TrainConfig.Part(selection(trainable), data.isEmpty() ? shared : data, optimizer, schedule));
        }
        return List.copyOf(parts);
    }

    private Path path(String text, Mark mark) {
        if (text == null) return null;
        try {
            if (!text.isBlank()) return Path.of(text);
            problems.add(mark, "a path is empty", "a path", "a blank text");
        } catch (InvalidPathException odd) {
            problems.add(new RequestException(mark.toString(), "'" + text + "' cannot be a path here: " + odd.getReason()));
        }
        return null;
    }
}
