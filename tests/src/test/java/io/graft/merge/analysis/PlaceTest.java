package io.graft.merge.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PlaceTest {

    @Test
    void theFirstNumberBetweenDotsIsTheLayer() {
        assertEquals(new Place(3, "self_attn.q_proj"), Place.of("model.layers.3.self_attn.q_proj.weight"));
        assertEquals(new Place(0, "attn.c_attn.bias"), Place.of("h.0.attn.c_attn.bias"));
        assertEquals(new Place(12, "mlp.experts.*.w1"), Place.of("model.layers.12.mlp.experts.7.w1.weight"));
        assertEquals(new Place(Place.OUTSIDE, "model.embed_tokens"), Place.of("model.embed_tokens.weight"));
        assertEquals(new Place(Place.OUTSIDE, "lm_head"), Place.of("lm_head.weight"));
        assertEquals(new Place(Place.OUTSIDE, "0"), Place.of("0.weight"));
        assertEquals(new Place(4, "weight"), Place.of("layers.4.weight"));
        assertEquals(new Place(Place.OUTSIDE, ""), Place.of(""));
        assertEquals(new Place(Place.OUTSIDE, "a.99999999999999999999.b"), Place.of("a.99999999999999999999.b"));
        assertEquals(new Place(Place.OUTSIDE, "..."), Place.of("..."));
    }

    @Test
    void modulesStandInTheOrderOfTheFlowOfData() {
        List<String> flow = List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj",
                "input_layernorm", "post_attention_layernorm", "zebra");
        assertEquals(flow, flow.reversed().stream().sorted(Place.MODULES).toList());
        assertEquals(List.of("q", "gate", "input norm", "post attn norm"),
                Stream.of("self_attn.q_proj", "mlp.gate_proj", "input_layernorm", "post_attention_layernorm").map(Place::shortName).toList());
    }
}
