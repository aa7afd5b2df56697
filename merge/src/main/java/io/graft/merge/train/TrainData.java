package io.graft.merge.train;

import io.graft.engine.RequestException;
import io.graft.engine.train.TrainBatch;
import io.graft.formats.chat.ChatTemplate;
import io.graft.formats.examples.Example;
import io.graft.formats.examples.ExampleReader;
import io.graft.formats.model.ModelSource;
import io.graft.formats.tokenizer.Tokenizer;
import io.graft.formats.tokenizer.TokenizerFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The examples of a training, read once each, and what was lost of them. */
final class TrainData {

    private final TrainConfig config;
    private final ExampleReader reader;
    private final int vocabulary;
    private final Map<Path, File> files = new HashMap<>();

    /** A file's examples of which something is learned, and how many there were of others. */
    private record File(List<Example> examples, long empty) {}

    TrainData(TrainConfig config, ModelSource model, int vocabulary) {
        this.config = config;
        this.vocabulary = vocabulary;
        TokenizerFiles side = TokenizerFiles.of(model);
        Tokenizer tokenizer = side.has("tokenizer.json") ? Tokenizer.from(side) : null;
        boolean template = side.has("chat_template.jinja") || side.objectOrEmpty("tokenizer_config.json").has("chat_template");
        this.reader = new ExampleReader(tokenizer, template ? ChatTemplate.from(side) : null, config.maxLength());
    }

    private File file(Path path) {
        File known = files.get(path);
        if (known != null) return known;
        List<Example> all = reader.read(path), learned = new ArrayList<>();
        for (Example each : all) {
            for (int id : each.ids()) check(path, "a token", id, true);
            for (int label : each.labels()) check(path, "a label", label, false);
            if (each.counted() > 0) learned.add(each);
        }
        if (learned.isEmpty()) throw new RequestException(path.toString(), "nothing of it is learned: every label is ignored, or cut off by max_length " + config.maxLength());
        File file = new File(learned, all.size() - learned.size());
        files.put(path, file);
        return file;
    }

    private void check(Path path, String what, int id, boolean isToken) {
        if (id >= vocabulary || isToken && id < 0) throw new RequestException(path.toString(), what + " that the model does not have", "0 to " + (vocabulary - 1), id, "is it data of another tokenizer?");
    }

    PartData part(List<TrainConfig.DataFile> data, int index) {
        List<List<Example>> sources = data.stream().map(each -> file(each.file()).examples).toList();
        return new PartData(config, sources, data.stream().mapToDouble(TrainConfig.DataFile::weight).toArray(), config.seed() + index);
    }

    TrainOutline.Data facts(List<Path> paths) {
        long examples = 0, tokens = 0, cut = 0, cutTokens = 0, empty = 0;
        int longest = 0;
        for (Path path : paths) {
            File file = file(path);
            examples += file.examples.size();
            empty += file.empty;
            for (Example each : file.examples) {
                tokens += each.ids().length;
                if (each.cut() > 0) cut++;
                cutTokens += each.cut();
                longest = Math.max(longest, each.ids().length);
            }
        }
        return new TrainOutline.Data(examples, tokens, cut, cutTokens, empty, longest);
    }

    /** The validation data, in batches of as many rows as a micro-batch. */
    List<TrainBatch> validation() {
        List<TrainBatch> batches = new ArrayList<>();
        TrainBatch open = null;
        int rows = 0;
        for (Path path : config.validation())
            for (Example each : file(path).examples) {
                if (open == null || rows == config.batchSize()) {
                    batches.add(open = new TrainBatch());
                    rows = 0;
                }
                open.add(each.ids(), each.labels());
                rows++;
            }
        return batches;
    }
}
