package io.graft.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.reference.ReferenceModel;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ReferenceModelTest {

    static List<ArchFixture> checkpoints() { return ArchFixture.all(); }

    /**
     * Both sides compute in double, in other orders: a chain of a few hundred roundings of 1.1e-16 on sums of magnitude 10. The golden
     * files hold logits as doubles, hidden states as float32 of PyTorch (their own bound: 2e-5 of the largest magnitude).
     */
    @ParameterizedTest
    @MethodSource("checkpoints")
    void doubleArithmeticGivesTheTruth(ArchFixture fixture) {
        try (FileWeights weights = fixture.source()) {
            ReferenceModel model = new ReferenceModel(fixture.architecture(), weights);
            double worst = 0;
            for (int text = 0; text < fixture.texts(); text++) {
                int[] ids = fixture.ids(text);
                ReferenceModel.Result result = model.run(ids);
                for (int t = 0; t < ids.length; t++) {
                    double[] truth = fixture.at("logits64", text, t);
                    for (int v = 0; v < truth.length; v++) worst = Math.max(worst, Math.abs(truth[v] - result.logits()[t][v]));
                }
                for (int layer = 0; fixture.golden().has("hidden." + layer); layer++) compareHidden(fixture, text, layer, result.hidden().get(layer));
            }
            assertTrue(worst < 1e-10, fixture + ": " + worst);
        }
    }

    private static void compareHidden(ArchFixture fixture, int text, int layer, double[][] found) {
        double largest = 0;
        for (double[] row : found) for (double value : row) largest = Math.max(largest, Math.abs(value));
        for (int t = 0; t < found.length; t++) {
            double[] truth = fixture.at("hidden." + layer, text, t);
            for (int i = 0; i < truth.length; i++) assertEquals(truth[i], found[t][i], 2e-5 * largest, fixture + " hidden." + layer + " row " + t);
        }
    }
}
