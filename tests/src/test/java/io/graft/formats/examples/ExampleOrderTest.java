package io.graft.formats.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ExampleOrderTest {

    @Test
    void everyPassShowsEveryExampleOnceInAnotherOrder() {
        ExampleOrder order = new ExampleOrder(List.of(source(0, 50)), new double[] {1}, true, 7);
        List<Integer> first = draw(order, 50), second = draw(order, 50);
        assertEquals(50, new HashSet<>(first).size());
        assertEquals(new HashSet<>(first), new HashSet<>(second));
        assertNotEquals(first, second);
        assertEquals(first, draw(new ExampleOrder(List.of(source(0, 50)), new double[] {1}, true, 7), 50));
        assertNotEquals(first, draw(new ExampleOrder(List.of(source(0, 50)), new double[] {1}, true, 8), 50));
    }

    @Test
    void sourcesAreInterleavedByWeight() {
        ExampleOrder order = new ExampleOrder(List.of(source(0, 5), source(1000, 7)), new double[] {3, 1}, false, 0);
        List<Integer> drawn = draw(order, 40);
        for (int four = 0; four < 40; four += 4) assertEquals(1, drawn.subList(four, four + 4).stream().filter(id -> id >= 1000).count());
    }

    @Test
    void packedRowsAreFullAndLoseNothing() {
        ExampleOrder order = new ExampleOrder(List.of(source(0, 50)), new double[] {1}, false, 0);
        List<Integer> seen = new ArrayList<>();
        while (seen.size() < 50) {
            List<Example> row = order.row(true, 10);
            assertTrue(row.stream().mapToInt(each -> each.ids().length).sum() <= 10);
            assertTrue(row.size() >= 2, "examples of 1 to 4 tokens, rows of 10");
            row.forEach(each -> seen.add(each.ids()[0]));
        }
        assertEquals(IntStream.range(0, 50).boxed().toList(), seen.subList(0, 50));
    }

    private static List<Example> source(int from, int count) {
        return IntStream.range(from, from + count).mapToObj(i -> IntStream.range(0, 1 + i % 4).map(_ -> i).toArray()).map(ids -> new Example(ids, ids, 0)).toList();
    }

    private static List<Integer> draw(ExampleOrder order, int count) { return IntStream.range(0, count).mapToObj(_ -> order.next().ids()[0]).toList(); }
}
