package io.graft.merge.eval;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.graft.engine.RequestException;
import io.graft.engine.generate.Scorer.Question;
import io.graft.engine.generate.TextStream;
import io.graft.engine.model.CausalLm;
import io.graft.formats.chat.ChatTemplate;
import io.graft.formats.chat.Message;
import io.graft.formats.huggingface.GenerationConfig;
import io.graft.formats.model.ModelSource;
import io.graft.formats.tokenizer.Tokenizer;
import io.graft.formats.tokenizer.TokenizerFiles;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * A model as an evaluation needs it: weights, and how texts become tokens and end.
 *
 * @param name       what errors call it
 * @param lm         the model; whoever opened it closes it
 * @param tokenizer  its tokenizer
 * @param stopTokens tokens that end a text
 * @param beginning  the token that begins texts, else the one that ends them: what an empty context is; -1 for none
 * @param chat       gives its chat template; throws where there is none
 */
public record EvalModel(String name, CausalLm lm, Tokenizer tokenizer, Set<Integer> stopTokens, int beginning, Supplier<ChatTemplate> chat) {

    /**
     * Of a model that was opened.
     *
     * @param source where its files are
     * @param lm     the model of that source; may have other weights, such as those of an unwritten merge
     * @return it
     * @throws RequestException if it has no tokenizer
     */
    public static EvalModel of(ModelSource source, CausalLm lm) {
        TokenizerFiles files = TokenizerFiles.of(source);
        Tokenizer tokenizer = Tokenizer.from(files);
        Set<Integer> stops = new TreeSet<>(GenerationConfig.of(source).stopTokens());
        if (stops.isEmpty()) stops.addAll(tokenizer.roles().stop());
        return new EvalModel(source.name(), lm, tokenizer, Set.copyOf(stops), beginning(source.config()), () -> ChatTemplate.from(files));
    }

    /**
     * The token that begins texts.
     *
     * @param config the model's
     * @return {@code bos_token_id}, else the first {@code eos_token_id}; -1 where neither is there
     */
    public static int beginning(JsonObject config) {
        for (String key : new String[] {"bos_token_id", "eos_token_id"}) {
            JsonElement id = config.get(key);
            if (id instanceof JsonArray several && !several.isEmpty()) id = several.get(0);
            if (id instanceof JsonPrimitive number && number.isNumber()) return number.getAsInt();
        }
        return -1;
    }

    /** The tokens of a prompt. A token that begins texts stands once, though both prompt and tokenizer may write it. */
    int[] prompt(String text, ChatTemplate template) {
        if (template != null) return tokenizer.ids(template.render(List.of(Message.of("user", text)), true, Map.of()), false);
        int[] ids = tokenizer.ids(text, true);
        int bos = tokenizer.roles().bos();
        return ids.length > 1 && bos >= 0 && ids[0] == bos && ids[1] == bos ? Arrays.copyOfRange(ids, 1, ids.length) : ids;
    }

    /** Text of new tokens, special ones left out. */
    TextStream stream() { return tokenizer.stream(true); }

    /**
     * A continuation to be scored, as evaluation harnesses define it: blanks at the end of the context count as the
     * continuation's, an empty context is the token that {@linkplain #beginning begins texts}, and a text that is too long loses its beginning.
     *
     * @param where        what errors call it
     * @param context      may be empty
     * @param continuation the text asked about
     * @return the question
     * @throws RequestException if the continuation has no token, or more than the model reads
     */
    public Question continuation(String where, String context, String continuation) {
        String kept = context.stripTrailing();
        return question(where, tokenizer.ids(kept, false), tokenizer.ids(kept + context.substring(kept.length()) + continuation, false), beginning, lm);
    }

    /**
     * The same of tokens.
     *
     * @param where     what errors call it
     * @param context   may be empty
     * @param whole     context and continuation
     * @param beginning what an empty context is; -1 for nothing
     * @param lm        the model
     * @return the question
     */
    public static Question question(String where, int[] context, int[] whole, int beginning, CausalLm lm) {
        int from = context.length;
        if (from == 0) {
            if (beginning < 0) throw new RequestException(where, "an empty context, and the model has no token that begins or ends a text", "a bos_token_id or eos_token_id in config.json", "none");
            int[] longer = new int[whole.length + 1];
            longer[0] = beginning;
            System.arraycopy(whole, 0, longer, 1, whole.length);
            whole = longer;
            from = 1;
        }
        if (whole.length <= from) throw new RequestException(where, "the continuation has no token");
        int most = lm.architecture().positions() == 0 ? Integer.MAX_VALUE : lm.architecture().positions() + 1;
        int cut = Math.max(0, whole.length - most);
        if (cut >= from) throw new RequestException(where, "the continuation is longer than the model's texts", (most - 1) + " tokens", whole.length - from);
        return new Question(Arrays.copyOfRange(whole, cut, whole.length), from - cut);
    }
}
