package io.graft.merge.recipe;

import io.graft.merge.yaml.Mark;
import java.util.List;
import java.util.Optional;

/** The value of a parameter as a recipe gives it: a number, a gradient over the layers, or a choice by the tensor's name. */
public sealed interface Setting {

    /** {@return where it stands} */
    Mark mark();

    /**
     * What a setting comes to for one tensor.
     *
     * @param value the number; truth values are 0 and 1
     * @param mark  where it stands
     * @param how   how it came about, for people: a gradient's place, the filter that matched; empty for a plain number
     */
    record Effective(double value, Mark mark, String how) {}

    /**
     * The value for one tensor.
     *
     * @param tensor its name, which filters look at
     * @param t      the layer's place in its slice, 0 to 1; 0 for what is in no layer
     * @return the value; empty where no filter matches
     */
    Optional<Effective> at(String tensor, double t);

    /**
     * One number for all.
     *
     * @param value a finite number, or a truth value as 0 or 1
     * @param mark  where it stands
     */
    record Fixed(double value, Mark mark) implements Setting {
        @Override
        public Optional<Effective> at(String tensor, double t) { return Optional.of(new Effective(value, mark, "")); }
    }

    /**
     * Numbers at even distances over the layers of a slice, linear between them, in double.
     *
     * @param values one or more
     * @param mark   where the list begins
     */
    record Gradient(List<Double> values, Mark mark) implements Setting {
        @Override
        public Optional<Effective> at(String tensor, double t) {
            double scaled = t * (values.size() - 1);
            int below = (int) scaled, above = Math.min(values.size() - 1, below + 1);
            double part = scaled - below;
            return Optional.of(new Effective((1 - part) * values.get(below) + part * values.get(above), mark, "gradient " + values + " at t = " + t));
        }
    }

    /**
     * One entry of a choice.
     *
     * @param filter  a part of the names that it is for; empty for all
     * @param setting a number or a gradient
     */
    record Branch(Optional<String> filter, Setting setting) {

        boolean matches(String tensor) { return filter.isEmpty() || filter.get().equals("*") || tensor.contains(filter.get()); }
    }

    /**
     * The first entry that matches decides.
     *
     * @param branches in the recipe's order
     * @param mark     where the list begins
     */
    record Choice(List<Branch> branches, Mark mark) implements Setting {
        @Override
        public Optional<Effective> at(String tensor, double t) {
            for (Branch branch : branches) {
                if (!branch.matches(tensor)) continue;
                Effective inner = branch.setting().at(tensor, t).orElseThrow();
                String how = "filter " + branch.filter().map(filter -> "'" + filter + "'").orElse("for all others");
                return Optional.of(new Effective(inner.value(), inner.mark(), inner.how().isEmpty() ? how : how + ", " + inner.how()));
            }
            return Optional.empty();
        }
    }
}
