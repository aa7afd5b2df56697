package io.graft.formats.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** From the components of a {@code tokenizer.json} to what runs. A type or an option that is not known is refused by name. */
final class TokenizerReader {

    private final String where;

    TokenizerReader(String where) { this.where = where; }

    /** The component of a key, or null where it is absent or null. */
    private static JsonObject component(JsonObject parent, String key) {
        JsonElement element = parent.get(key);
        return element == null || element.isJsonNull() ? null : element.getAsJsonObject();
    }

    Normalizers.Step normalizer(JsonObject root) { return optional(root, "normalizer", this::normalizerStep, pieces -> pieces); }

    Normalizers.Step preTokenizer(JsonObject root) { return optional(root, "pre_tokenizer", this::preTokenizerStep, pieces -> pieces); }

    Decoders.Step decoder(JsonObject root) { return optional(root, "decoder", this::decoderStep, tokens -> List.of(String.join(" ", tokens))); }

    private <S> S optional(JsonObject root, String key, Function<JsonObject, S> read, S otherwise) {
        JsonObject component = component(root, key);
        return component == null ? otherwise : read.apply(component);
    }

    private <S> List<S> all(JsonObject component, String key, Function<JsonObject, S> read) {
        List<S> steps = new ArrayList<>();
        for (JsonElement each : list(component, key)) steps.add(read.apply(each.getAsJsonObject()));
        return steps;
    }

    private Normalizers.Step normalizerStep(JsonObject c) {
        return switch (type(c)) {
            case "Sequence" -> Normalizers.sequence(all(c, "normalizers", this::normalizerStep));
            case "NFC" -> new UnicodeForm(Form.NFC);
            case "NFKC" -> new UnicodeForm(Form.NFKC);
            case "NFD" -> new UnicodeForm(Form.NFD);
            case "NFKD" -> new UnicodeForm(Form.NFKD);
            case "Prepend" -> Normalizers.prepend(text(c, "prepend"));
            case "Replace" -> Normalizers.replace(pattern(c), text(c, "content"));
            case "Lowercase" -> Normalizers.lowercase();
            case "Strip" -> Normalizers.strip(flag(c, "strip_left", true), flag(c, "strip_right", true));
            default -> throw unknown("normalizer", c, "NFC, NFD, NFKC, NFKD, Prepend, Replace, Lowercase, Strip or Sequence");
        };
    }

    private Normalizers.Step preTokenizerStep(JsonObject c) {
        return switch (type(c)) {
            case "Sequence" -> PreTokenizers.sequence(all(c, "pretokenizers", this::preTokenizerStep));
            case "Split" -> PreTokenizers.split(pattern(c), behavior(c, "Isolated"), flag(c, "invert", false));
            case "ByteLevel" -> PreTokenizers.byteLevel(flag(c, "add_prefix_space", true), flag(c, "use_regex", true) ? Patterns.regex(where, Patterns.GPT2) : null);
            case "Digits" -> PreTokenizers.split(Patterns.each(point -> Letters.kind(point) == Letters.NUMBER),
                    flag(c, "individual_digits", false) ? PreTokenizers.Behavior.ISOLATED : PreTokenizers.Behavior.CONTIGUOUS, false);
            case "Punctuation" -> PreTokenizers.split(Patterns.each(Letters::isPunctuation), behavior(c, "Isolated"), false);
            case "Whitespace" -> PreTokenizers.split(Patterns.words(), PreTokenizers.Behavior.REMOVED, true);
            case "WhitespaceSplit" -> PreTokenizers.split(Patterns.each(Letters::isSpace), PreTokenizers.Behavior.REMOVED, false);
            case "Metaspace" -> PreTokenizers.metaspace(letter(c, "replacement"), prepend(c), flag(c, "split", true));
            default -> throw unknown("pre_tokenizer", c, "Split, ByteLevel, Digits, Punctuation, Metaspace, Whitespace, WhitespaceSplit or Sequence");
        };
    }

    private Decoders.Step decoderStep(JsonObject c) {
        return switch (type(c)) {
            case "Sequence" -> Decoders.sequence(all(c, "decoders", this::decoderStep));
            case "ByteLevel" -> Decoders.byteLevel();
            case "Replace" -> Decoders.replace(pattern(c), text(c, "content"));
            case "ByteFallback" -> Decoders.byteFallback();
            case "Fuse" -> Decoders.fuse();
            case "Strip" -> Decoders.strip(letter(c, "content"), number(c, "start"), number(c, "stop"));
            case "Metaspace" -> Decoders.metaspace(letter(c, "replacement"), prepend(c));
            default -> throw unknown("decoder", c, "ByteLevel, Replace, ByteFallback, Fuse, Strip, Metaspace or Sequence");
        };
    }

    PostProcessors.Step postProcessor(JsonObject root, Function<Integer, String> tokenOf) {
        return optional(root, "post_processor", c -> postProcessorStep(c, tokenOf), (parts, _) -> parts);
    }

    private PostProcessors.Step postProcessorStep(JsonObject c, Function<Integer, String> tokenOf) {
        return switch (type(c)) {
            case "Sequence" -> PostProcessors.sequence(all(c, "processors", each -> postProcessorStep(each, tokenOf)));
            case "ByteLevel" -> flag(c, "trim_offsets", true) ? PostProcessors.trimOffsets(tokenOf::apply, flag(c, "add_prefix_space", true)) : (parts, _) -> parts;
            case "TemplateProcessing" -> PostProcessors.template(slots(c, "single"), slots(c, "pair"));
            default -> throw unknown("post_processor", c, "TemplateProcessing, ByteLevel or Sequence");
        };
    }

    private List<PostProcessors.Slot> slots(JsonObject template, String key) {
        JsonObject special = component(template, "special_tokens");
        List<PostProcessors.Slot> slots = new ArrayList<>();
        for (JsonElement each : list(template, key)) {
            JsonObject object = each.getAsJsonObject();
            JsonObject sequence = component(object, "Sequence"), token = component(object, "SpecialToken");
            if (sequence != null) {
                boolean second = text(sequence, "id").equals("B");
                if (second && key.equals("single")) throw new RequestException(where + ", post_processor.single", "a template for one text uses a second");
                slots.add(new PostProcessors.Slot(second ? 1 : 0, null, number(sequence, "type_id")));
            } else if (token != null) {
                JsonObject ids = special == null ? null : component(special, text(token, "id"));
                if (ids == null) throw new RequestException(where + ", post_processor", "the template's token " + text(token, "id") + " is not in its special_tokens");
                JsonArray list = list(ids, "ids");
                int[] values = new int[list.size()];
                for (int i = 0; i < values.length; i++) values[i] = Vocabulary.id(where + ", post_processor", text(token, "id"), list.get(i));
                slots.add(new PostProcessors.Slot(-1, values, number(token, "type_id")));
            } else {
                throw new RequestException(where + ", post_processor." + key, "not a piece of a template", "Sequence or SpecialToken", object);
            }
        }
        return slots;
    }

    Model model(JsonObject root) {
        JsonObject model = component(root, "model");
        if (model == null) throw new RequestException(where, "no model");
        // Old files leave the type out of what is BPE.
        String type = model.has("type") ? type(model) : model.has("merges") ? "BPE" : "none";
        return switch (type) {
            case "BPE" -> {
                for (String option : List.of("continuing_subword_prefix", "end_of_word_suffix", "dropout")) {
                    JsonElement value = model.get(option);
                    if (value != null && !value.isJsonNull() && !value.getAsString().isEmpty() && !value.getAsString().matches("0(\\.0+)?"))
                        throw new RequestException(where + ", model." + option, "not supported, and it changes the ids", "null", value);
                }
                yield new BytePairs(where, Vocabulary.of(where, model.get("vocab")), list(model, "merges"), new BytePairs.Options(textOrNull(model, "unk_token"),
                        flag(model, "fuse_unk", false), flag(model, "byte_fallback", false), flag(model, "ignore_merges", false)));
            }
            case "WordLevel" -> new WordLevel(where, Vocabulary.of(where, model.get("vocab")), textOrNull(model, "unk_token"));
            default -> throw unknown("model", model, "BPE or WordLevel");
        };
    }

    /** The added tokens; one that the model knows has the model's id. */
    List<AddedTokens.Token> added(JsonObject root, Model model) {
        List<AddedTokens.Token> tokens = new ArrayList<>();
        JsonElement list = root.get("added_tokens");
        if (list == null || list.isJsonNull()) return tokens;
        for (JsonElement each : list.getAsJsonArray()) {
            JsonObject token = each.getAsJsonObject();
            String content = text(token, "content");
            int own = model.idOf(content), id = own >= 0 ? own : Vocabulary.id(where + ", added_tokens", content, token.get("id"));
            boolean special = flag(token, "special", false);
            tokens.add(new AddedTokens.Token(id, content, flag(token, "single_word", false), flag(token, "lstrip", false), flag(token, "rstrip", false), flag(token, "normalized", !special), special));
        }
        return tokens;
    }

    private Patterns.Pattern pattern(JsonObject c) {
        JsonObject pattern = component(c, "pattern");
        if (pattern != null && pattern.has("String")) return Patterns.literal(text(pattern, "String"));
        if (pattern != null && pattern.has("Regex")) return Patterns.regex(where, text(pattern, "Regex"));
        throw new RequestException(where, type(c) + " has no pattern it could use", "String or Regex", pattern);
    }

    private PreTokenizers.Behavior behavior(JsonObject c, String otherwise) {
        String name = c.has("behavior") ? text(c, "behavior") : otherwise;
        for (PreTokenizers.Behavior each : PreTokenizers.Behavior.values())
            if (each.name().replace("_", "").equals(name.toUpperCase(Locale.ROOT))) return each;
        throw new RequestException(where, "unknown behavior of " + type(c), "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous", name);
    }

    /** Files before version 0.15 of the library say {@code add_prefix_space}, which newer ones keep beside the scheme. */
    private PreTokenizers.Prepend prepend(JsonObject c) {
        String scheme = textOrNull(c, "prepend_scheme");
        if (scheme == null) return flag(c, "add_prefix_space", true) ? PreTokenizers.Prepend.ALWAYS : PreTokenizers.Prepend.NEVER;
        return switch (scheme) {
            case "first" -> PreTokenizers.Prepend.FIRST;
            case "always" -> PreTokenizers.Prepend.ALWAYS;
            case "never" -> PreTokenizers.Prepend.NEVER;
            default -> throw new RequestException(where, "unknown prepend_scheme of Metaspace", "first, always or never", scheme);
        };
    }

    private String type(JsonObject c) { return text(c, "type"); }

    private RequestException unknown(String key, JsonObject c, String known) {
        return new RequestException(where + ", " + key, "unknown type " + (c.has("type") ? c.get("type").getAsString() : "(none)"), known, c.has("type") ? c.get("type").getAsString() : "no type",
                "a tokenizer with it cannot be read: its ids would be wrong");
    }

    private JsonArray list(JsonObject c, String key) {
        if (c.get(key) instanceof JsonArray array) return array;
        throw new RequestException(where, key + " is not a list", "a list", Json.kind(c.get(key)));
    }

    private String text(JsonObject c, String key) {
        String text = textOrNull(c, key);
        if (text == null) throw new RequestException(where, "no " + key + " in a component", "a string", Json.kind(c.get(key)));
        return text;
    }

    private static String textOrNull(JsonObject c, String key) {
        return c.get(key) instanceof JsonPrimitive value && value.isString() ? value.getAsString() : null;
    }

    private int letter(JsonObject c, String key) {
        String text = text(c, key);
        if (text.isEmpty() || text.codePointCount(0, text.length()) != 1) throw new RequestException(where, key + " of " + type(c), "one character", "\"" + text + "\"");
        return text.codePointAt(0);
    }

    private int number(JsonObject c, String key) {
        if (c.get(key) instanceof JsonPrimitive value && value.isNumber()) return value.getAsInt();
        throw new RequestException(where, "no " + key + " in a component", "a number", Json.kind(c.get(key)));
    }

    private boolean flag(JsonObject c, String key, boolean otherwise) {
        JsonElement value = c.get(key);
        if (value == null || value.isJsonNull()) return otherwise;
        if (value instanceof JsonPrimitive truth && truth.isBoolean()) return truth.getAsBoolean();
        throw new RequestException(where, key + " is not a truth value", "true or false", value);
    }
}
