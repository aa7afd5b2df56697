package io.graft.merge.train;

import com.google.gson.JsonObject;
import io.graft.engine.RequestException;
import io.graft.engine.memory.DType;
import io.graft.engine.train.AdamW;
import io.graft.formats.json.Json;
import io.graft.merge.yaml.YamlValue;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What a fine-tuning is to do, as {@code config.yml} says it. Paths are relative to the working directory, as in recipes.
 *
 * @param model                 what is trained
 * @param output                the folder to appear
 * @param dtype                 of the written floats; null for that of the model
 * @param data                  what is learned; empty if every part of a partition has its own
 * @param validation            what the loss is measured on; empty for none
 * @param shuffle               whether a pass over a file is in random order
 * @param packing               whether a row of a batch takes as many examples as fit into maxLength
 * @param maxLength             the most tokens of an example, or of a packed row
 * @param batchSize             rows of a micro-batch
 * @param gradientAccumulation  micro-batches of a step
 * @param maxSteps              steps in all; 0 if epochs decide
 * @param epochs                passes over the data; 0 if maxSteps decide
 * @param optimizer             how a step is taken
 * @param schedule              how large
 * @param trainable             which weights are trained
 * @param partition             parts that are trained in turn; empty for one part
 * @param lora                  an adapter to train, as PEFT's adapter_config.json would say it; null for none
 * @param gradientCheckpointing whether activations of a layer are computed twice instead of kept
 * @param checkpointSteps       steps from one checkpoint to the next; 0 for none but on signals
 * @param validationSteps       steps from one validation to the next
 * @param select                which weights become the output
 * @param patience              validations without improvement that end the training; 0 for any number
 * @param minDelta              by how much a validation loss must be lower to be an improvement
 * @param skipNonFinite         whether a step whose loss is not finite is left out, instead of ending the training
 * @param seed                  of all random numbers
 */
public record TrainConfig(Model model, Path output, DType dtype, List<DataFile> data, List<Path> validation, boolean shuffle, boolean packing, int maxLength, int batchSize,
        int gradientAccumulation, int maxSteps, double epochs, Optimizer optimizer, Rates schedule, Selection trainable, List<Part> partition, JsonObject lora,
        boolean gradientCheckpointing, int checkpointSteps, int validationSteps, Select select, int patience, double minDelta, boolean skipNonFinite, long seed) {

    /**
     * A model to train: exactly one of the two is not null.
     *
     * @param argument one that is there, as every command takes it
     * @param fresh    one to be made
     */
    public record Model(String argument, Fresh fresh) {}

    /**
     * A model from scratch.
     *
     * @param config    its config.json
     * @param tokenizer the folder whose tokenizer goes with it; null for none
     * @param std       deviation of the normal distribution of its matrices
     * @param seed      of the draws
     */
    public record Fresh(Path config, Path tokenizer, double std, long seed) {}

    /**
     * A file of examples.
     *
     * @param file   JSON lines
     * @param weight how often it is drawn from, relative to the others; 0 for as often as it has examples
     */
    public record DataFile(Path file, double weight) {}

    /**
     * AdamW's numbers.
     *
     * @param rate     the highest learning rate
     * @param settings the others
     */
    public record Optimizer(double rate, AdamW.Settings settings) {}

    /**
     * How the learning rate goes.
     *
     * @param name        constant, linear, cosine or list
     * @param warmupSteps steps of warm-up; of a part's own steps in a partition
     * @param warmupRatio steps of warm-up as a share of all; 0 where warmupSteps says it
     * @param minRatio    what is left at the end, as a share of the highest
     * @param rates       of a list: the absolute rate of every step
     */
    public record Rates(String name, int warmupSteps, double warmupRatio, double minRatio, List<Double> rates) {}

    /**
     * A part of a partition: step s trains part s mod n.
     *
     * @param trainable its weights
     * @param data      what it learns
     * @param optimizer how it takes a step; null as all do
     * @param schedule  its learning rates, those of a list one for each of its own steps; null for those of all
     */
    public record Part(Selection trainable, List<DataFile> data, Optimizer optimizer, Rates schedule) {}

    /** Which weights become the output. */
    public enum Select {
        /** Those after the last step. */
        LAST,
        /** Those with the lowest validation loss. */
        BEST
    }

    /**
     * Reads a file.
     *
     * @param file      YAML
     * @param overrides such as {@code optimizer.lr=1e-4}, each of one key
     * @return the configuration
     * @throws RequestException if anything is wrong with it; the first problem, with the others suppressed in it
     */
    public static TrainConfig read(Path file, List<String> overrides) { return TrainConfigReader.read(file.toString(), Json.readText(file), overrides); }

    /**
     * Takes a configuration out of a map with the keys of the file.
     *
     * @param values maps, lists, texts, numbers, truth values and paths
     * @return the configuration
     * @throws RequestException as {@link #read}
     */
    public static TrainConfig of(Map<String, ?> values) { return TrainConfigReader.of(values); }

    /**
     * Takes a configuration that stands inside another document.
     *
     * @param tree a mapping with the keys of the file
     * @return the configuration
     * @throws RequestException as {@link #read}, with places in that document
     */
    public static TrainConfig of(YamlValue tree) { return TrainConfigReader.of(tree); }

    /** {@return a configuration as text, with every key, its default and what it does} */
    public static String example() {
        try (InputStream text = TrainConfig.class.getResourceAsStream("example.yml")) {
            return new String(text.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /** {@return the rows of all micro-batches of a step} */
    public int rowsPerStep() { return batchSize * gradientAccumulation; }
}
