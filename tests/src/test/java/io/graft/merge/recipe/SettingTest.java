package io.graft.merge.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.graft.merge.recipe.Setting.Branch;
import io.graft.merge.recipe.Setting.Choice;
import io.graft.merge.recipe.Setting.Fixed;
import io.graft.merge.recipe.Setting.Gradient;
import io.graft.merge.yaml.Mark;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SettingTest {

    private static final Mark MARK = new Mark("r.yml", 1, 1);

    private static double at(Setting setting, String name, double t) { return setting.at(name, t).orElseThrow().value(); }

    @Test
    void aGradientIsLinearBetweenItsNumbers() {
        Gradient gradient = new Gradient(List.of(0.0, 1.0, 0.5), MARK);
        assertEquals(0, at(gradient, "x", 0));
        assertEquals(0.5, at(gradient, "x", 0.25));
        assertEquals(1, at(gradient, "x", 0.5));
        assertEquals(0.75, at(gradient, "x", 0.75));
        assertEquals(0.5, at(gradient, "x", 1));
    }

    @Test
    void aGradientOfOneIsThatNumber() { assertEquals(0.3, at(new Gradient(List.of(0.3), MARK), "x", 0.7)); }

    @Test
    void theFirstFilterThatMatchesDecides() {
        Choice choice = new Choice(List.of(new Branch(Optional.of("proj"), new Fixed(1, MARK)), new Branch(Optional.of("q_proj"), new Fixed(2, MARK)), new Branch(Optional.of("*"), new Fixed(3, MARK)),
                new Branch(Optional.empty(), new Fixed(4, MARK))), MARK);
        assertEquals(1, at(choice, "layers.0.q_proj", 0));
        assertEquals(3, at(choice, "norm", 0));
    }

    @Test
    void aFilterIsNoPattern() {
        Choice choice = new Choice(List.of(new Branch(Optional.of("q.proj"), new Fixed(1, MARK))), MARK);
        assertEquals(Optional.empty(), choice.at("q_proj", 0));
    }

    @Test
    void aChoiceTellsWhatMatched() {
        Choice choice = new Choice(List.of(new Branch(Optional.of("mlp"), new Gradient(List.of(0.0, 1.0), MARK))), MARK);
        assertEquals("filter 'mlp', gradient [0.0, 1.0] at t = 0.5", choice.at("mlp.up", 0.5).orElseThrow().how());
    }
}
