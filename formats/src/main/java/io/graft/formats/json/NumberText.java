package io.graft.formats.json;

import java.math.BigDecimal;

/** A number of a JSON document that keeps the text it was written as: {@code 1e-06} stays {@code 1e-06}. */
final class NumberText extends Number {

    private static final long serialVersionUID = 1;

    private final String text;

    NumberText(String text) { this.text = text; }

    @Override
    public int intValue() { return Math.toIntExact(longValue()); }

    @Override
    public long longValue() { return new BigDecimal(text).longValueExact(); }

    @Override
    public float floatValue() { return Float.parseFloat(text); }

    @Override
    public double doubleValue() { return Double.parseDouble(text); }

    @Override
    public boolean equals(Object other) { return other instanceof NumberText number && number.text.equals(text); }

    @Override
    public int hashCode() { return text.hashCode(); }

    @Override
    public String toString() { return text; }
}
