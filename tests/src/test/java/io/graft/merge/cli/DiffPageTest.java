package io.graft.merge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.merge.analysis.Diff;
import io.graft.merge.analysis.MemoryModel;
import io.graft.merge.analysis.ModelComparison;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

class DiffPageTest {

    private static final String EVIL = "<b>&\"'\u001b[31m";

    @Test
    void thePageIsWellFormedAndNeedsNoNetwork() throws Exception {
        for (boolean hasBase : new boolean[] {false, true}) {
            String page = DiffPage.of(compared("a", hasBase));
            parse(page);
            for (String outside : new String[] {"http:", "https:", "src=", "url(", "@import", "<script", "<link"}) assertFalse(page.contains(outside), outside);
            assertTrue(page.contains("light-dark("));
            assertEquals(hasBase ? 3 : 1, page.split("<svg").length - 1);
        }
    }

    @Test
    void namesAreTextWhateverIsInThem() throws Exception {
        Document page = parse(DiffPage.of(compared(EVIL, true)));
        assertEquals(0, page.getElementsByTagName("b").getLength());
        String text = page.getDocumentElement().getTextContent();
        assertTrue(text.contains("<b>&\"'\\u001b[31m"), "the model's name stands there as text");
        assertTrue(text.contains("<b>&\"'\\u001b[31m.proj"), "the tensor's too");
    }

    /** Two layers and two modules, and a margin on both sides: nine cells a map, each with a tooltip. */
    @Test
    void aCellForEveryLayerAndModule() throws Exception {
        Document page = parse(DiffPage.of(compared("a", false)));
        assertEquals(9, page.getElementsByTagName("rect").getLength());
        String tip = page.getElementsByTagName("title").item(1).getTextContent();
        assertEquals("layer 0, self_attn.q_proj: change 1.000, relative 50.0 %, cosine 0.89443, same sign 50.0 %, values changed 50.0 %", tip);
    }

    @Test
    void theTerminalShowsTheSameNumbersWithAndWithoutColour() {
        HeatMap map = HeatMap.of(compared("a", false)).getFirst();
        String plain = drawn(map, false), colour = drawn(map, true);
        assertFalse(plain.contains("\u001b"));
        assertTrue(colour.contains("\u001b[48;5;"));
        assertTrue(plain.contains("50.0"));
        assertTrue(colour.contains("50.0"));
        assertEquals(" layer      q   proj     all", plain.lines().toList().get(2));
    }

    @Test
    void manyColumnsAreNumberedAndNamedBelow() {
        MemoryModel a = new MemoryModel("a");
        for (int i = 0; i < 20; i++) a.with("model.layers.0.part" + (char) ('a' + i) + ".weight", 1, 2);
        String plain = drawn(HeatMap.of(Diff.compare(a, a, Optional.empty(), 1, _ -> { })).getFirst(), false);
        assertTrue(plain.contains("20  partt"));
        assertTrue(plain.lines().allMatch(line -> line.length() <= 100));
    }

    @Test
    void equalModelsAreSaidToBeEqual() {
        MemoryModel a = new MemoryModel("a").with("x", 1, 2);
        assertEquals("A and B are the same in all 2 values.", DiffPage.summary(Diff.compare(a, a, Optional.empty(), 1, _ -> { })));
    }

    private static ModelComparison compared(String name, boolean hasBase) {
        MemoryModel a = new MemoryModel(name), b = new MemoryModel("b");
        for (int layer = 0; layer < 2; layer++) {
            String prefix = "model.layers." + layer + ".";
            a.with(prefix + "self_attn.q_proj.weight", 2, 0).with(prefix + name + ".proj.weight", 1, 1);
            b.with(prefix + "self_attn.q_proj.weight", 2, 1).with(prefix + name + ".proj.weight", 1, -1);
        }
        a.with("lm_head.weight", 3, 4);
        b.with("lm_head.weight", 3, 5);
        return Diff.compare(a, b, hasBase ? Optional.of(a) : Optional.empty(), 1, _ -> { });
    }

    private static Document parse(String page) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
        return factory.newDocumentBuilder().parse(new ByteArrayInputStream(page.getBytes(StandardCharsets.UTF_8)));
    }

    private static String drawn(HeatMap map, boolean colour) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        new HeatMapText(new PrintStream(text, true, StandardCharsets.UTF_8), colour).draw(map);
        return text.toString(StandardCharsets.UTF_8);
    }
}
