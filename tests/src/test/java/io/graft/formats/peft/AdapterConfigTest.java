package io.graft.formats.peft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import org.junit.jupiter.api.Test;

class AdapterConfigTest {

    @Test
    void aKeyThatChangesTheResultAndIsNotSupportedIsRefusedByName() {
        for (String key : new String[] {"\"lora_bias\":true", "\"trainable_token_indices\":[1]", "\"target_parameters\":[\"experts\"]", "\"layer_replication\":[[0,1]]",
            "\"use_qalora\":true", "\"megatron_config\":{\"a\":1}", "\"alora_invocation_tokens\":[3]", "\"use_bdlora\":{\"a\":1}", "\"arrow_config\":{\"a\":1}",
            "\"kasa_config\":{\"a\":1}", "\"use_something_new\":true", "\"bias\":\"some\"", "\"lora_alpha\":\"big\"", "\"target_modules\":[1]", "\"alpha_pattern\":[1]",
            "\"layers_to_transform\":[\"x\"]", "\"target_modules\":\"(\"", "\"layers_to_transform\":[0],\"target_modules\":\"q.*\""}) {
            RequestException error = assertThrows(RequestException.class, () -> AdaptedModelTest.config(key), key);
            assertTrue(error.getMessage().contains(key.substring(1, key.indexOf('"', 1))), error.getMessage());
        }
        assertThrows(RequestException.class, () -> AdapterConfig.of("test", Json.parse("test", "{\"peft_type\":\"IA3\"}").getAsJsonObject()));
    }

    @Test
    void anInitialisationThatChangedTheBaseWarnsAndSoDoesAnUnknownKey() {
        for (String init : new String[] {"pissa", "pissa_niter_16", "olora", "corda", "loftq"})
            assertTrue(AdaptedModelTest.config("\"init_lora_weights\":\"" + init + "\"").warnings().getFirst().contains(init));
        assertTrue(AdaptedModelTest.config("\"init_lora_weights\":\"gaussian\",\"lora_dropout\":0.5").warnings().isEmpty());
        assertTrue(AdaptedModelTest.config("\"new_key\":[1]").warnings().getFirst().contains("new_key"));
    }

    @Test
    void theFirstPatternThatMatchesGivesAlphaAndTheFactorsGiveTheRank() {
        AdapterConfig config = AdaptedModelTest.config("\"lora_alpha\":16,\"alpha_pattern\":{\"down_proj\":30,\"layers.2.mlp.down_proj\":64,\"v_proj\":4}");
        assertEquals(30 / 4.0, config.scale("model.layers.2.mlp.down_proj", 4));
        assertEquals(0.5, config.scale("model.layers.2.self_attn.v_proj", 8));
        assertEquals(2, config.scale("model.layers.2.self_attn.xv_proj", 8));
        assertEquals(8, AdaptedModelTest.config("\"lora_alpha\":16,\"use_rslora\":true").scale("q_proj", 4));
    }

    @Test
    void modulesAreTargetedByPeftsRules() {
        String q1 = "model.layers.1.self_attn.q_proj", q2 = "model.layers.2.self_attn.q_proj";
        assertTrue(AdaptedModelTest.config("\"target_modules\":[\"q_proj\"]").targets(q1));
        assertTrue(AdaptedModelTest.config("\"target_modules\":[\"" + q1 + "\"]").targets(q1));
        assertFalse(AdaptedModelTest.config("\"target_modules\":[\"proj\"]").targets(q1));
        assertFalse(AdaptedModelTest.config("\"target_modules\":\"q_proj\"").targets(q1), "a string matches in full");
        assertTrue(AdaptedModelTest.config("\"target_modules\":\".*q_proj\"").targets(q1));
        AdapterConfig second = AdaptedModelTest.config("\"target_modules\":[\"q_proj\"],\"layers_to_transform\":2");
        assertTrue(second.targets(q2) && !second.targets(q1) && !second.targets("q_proj"));
        AdapterConfig pattern = AdaptedModelTest.config("\"target_modules\":[\"q_proj\"],\"layers_to_transform\":[1],\"layers_pattern\":[\"blocks\",\"layers\"]");
        assertTrue(pattern.targets(q1) && !pattern.targets(q2) && !pattern.targets("model.h.1.attn.q_proj"));
        AdapterConfig linear = AdaptedModelTest.config("\"target_modules\":\"all-linear\",\"exclude_modules\":\".*layers\\\\.2\\\\..*\"");
        assertTrue(linear.targets(q1) && !linear.targets(q2) && !linear.targets("lm_head"));
    }
}
