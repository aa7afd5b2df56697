package io.graft.formats.chat;

import io.graft.engine.RequestException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** Reads expressions, each of which becomes a function of the run. Precedence is Jinja's. */
class Expressions {

    /** Something with a value. */
    interface Expression {
        Object value(Run run);
    }

    /** What is given to a call. */
    private record Arguments(List<Expression> inOrder, Map<String, Expression> named) {

        List<Object> values(Run run) {
            List<Object> values = new ArrayList<>();
            for (Expression each : inOrder) values.add(each.value(run));
            return values;
        }

        Map<String, Object> namedValues(Run run) {
            Map<String, Object> values = new LinkedHashMap<>();
            named.forEach((name, each) -> values.put(name, each.value(run)));
            return values;
        }
    }

    private static final int DEEPEST = 200;
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

    final String where;
    private final List<Token> tokens;
    private int at;
    private int depth;

    Expressions(String where, List<Token> tokens) {
        this.where = where;
        this.tokens = tokens;
    }

    final Token peek() { return tokens.get(at); }

    final Token next() { return tokens.get(peek().is(Token.Kind.END) ? at : at++); }

    final boolean accept(Token.Kind kind, String text) {
        if (!peek().is(kind, text)) return false;
        at++;
        return true;
    }

    final boolean acceptOperator(String operator) { return accept(Token.Kind.OPERATOR, operator); }

    final boolean acceptName(String name) { return accept(Token.Kind.NAME, name); }

    final void expectOperator(String operator) {
        if (!acceptOperator(operator)) throw unexpected(operator);
    }

    final String expectName() {
        if (!peek().is(Token.Kind.NAME)) throw unexpected("a name");
        return next().text();
    }

    final RequestException unexpected(String expected) { return new RequestException(where + ", line " + peek().line(), "the template cannot be read", expected, peek().text()); }

    /** Names the line in what goes wrong while the template runs. */
    final Expression at(int line, Expression expression) {
        return run -> {
            run.step();
            try {
                return expression.value(run);
            } catch (Values.Refusal refusal) {
                throw new RequestException(where + ", line " + line, refusal.getMessage());
            }
        };
    }

    final Expression nested(Supplier<Expression> read) {
        if (++depth > DEEPEST) throw new RequestException(where + ", line " + peek().line(), "nested over " + DEEPEST + " deep");
        Expression expression = read.get();
        depth--;
        return expression;
    }

    /** Also what loops go over and sets take: {@code a, b} is a list. */
    final Expression tuple() {
        Expression first = expression();
        if (!peek().isOperator(",")) return first;
        List<Expression> items = new ArrayList<>(List.of(first));
        while (acceptOperator(",") && !peek().is(Token.Kind.BLOCK_END) && !peek().is(Token.Kind.VALUE_END) && !peek().isOperator(")")) items.add(expression());
        return list(items);
    }

    private static Expression list(List<Expression> items) {
        return run -> {
            List<Object> values = new ArrayList<>(items.size());
            for (Expression each : items) values.add(each.value(run));
            return values;
        };
    }

    final Expression expression() { return nested(this::conditional); }

    private Expression conditional() {
        Expression value = or();
        while (acceptName("if")) {
            Expression then = value, condition = or(), otherwise = acceptName("else") ? expression() : _ -> Values.UNDEFINED;
            value = run -> Values.truth(condition.value(run)) ? then.value(run) : otherwise.value(run);
        }
        return value;
    }

    /** Without {@code if}, which belongs to the loop here. */
    final Expression or() {
        Expression left = and();
        while (acceptName("or")) {
            Expression a = left, b = and();
            left = run -> {
                Object value = a.value(run);
                return Values.truth(value) ? value : b.value(run);
            };
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (acceptName("and")) {
            Expression a = left, b = not();
            left = run -> {
                Object value = a.value(run);
                return Values.truth(value) ? b.value(run) : value;
            };
        }
        return left;
    }

    private Expression not() {
        if (!acceptName("not")) return comparison();
        Expression value = nested(this::not);
        return run -> !Values.truth(value.value(run));
    }

    private Expression comparison() {
        Expression left = sum();
        Expression result = null;
        while (true) {
            int line = peek().line();
            String operator = peek().is(Token.Kind.OPERATOR) && COMPARISONS.contains(peek().text()) ? next().text() : acceptName("in") ? "in" : notIn() ? "not in" : null;
            if (operator == null) return result == null ? left : result;
            Expression a = left, b = sum(), before = result;
            Expression compared = at(line, run -> compare(operator, a.value(run), b.value(run)));
            result = before == null ? compared : run -> Values.truth(before.value(run)) ? compared.value(run) : false;
            left = b;
        }
    }

    private boolean notIn() {
        if (!peek().isName("not") || !tokens.get(at + 1).isName("in")) return false;
        at += 2;
        return true;
    }

    private static boolean compare(String operator, Object a, Object b) {
        return switch (operator) {
            case "==" -> Values.equal(a, b);
            case "!=" -> !Values.equal(a, b);
            case "in" -> Values.contains(b, a);
            case "not in" -> !Values.contains(b, a);
            case "<" -> Values.compare(a, b) < 0;
            case "<=" -> Values.compare(a, b) <= 0;
            case ">" -> Values.compare(a, b) > 0;
            default -> Values.compare(a, b) >= 0;
        };
    }

    private Expression sum() { return binary(Set.of("+", "-"), this::joined); }

    private Expression joined() {
        Expression left = product();
        while (peek().isOperator("~")) {
            int line = next().line();
            Expression a = left, b = product();
            left = at(line, run -> {
                String text = PythonText.of(a.value(run)) + PythonText.of(b.value(run));
                if (text.length() > Run.MOST_TEXT) throw new Values.Refusal("a text of over " + Run.MOST_TEXT + " characters");
                return text;
            });
        }
        return left;
    }

    private Expression product() { return binary(Set.of("*", "/", "//", "%"), () -> binary(Set.of("**"), this::unary)); }

    private Expression binary(Set<String> operators, Supplier<Expression> operand) {
        Expression left = operand.get();
        while (peek().is(Token.Kind.OPERATOR) && operators.contains(peek().text())) {
            Token operator = next();
            Expression a = left, b = operand.get();
            left = at(operator.line(), run -> {
                Object value = Values.arithmetic(operator.text(), a.value(run), b.value(run));
                if (value instanceof String text && text.length() > Run.MOST_TEXT) throw new Values.Refusal("a text of over " + Run.MOST_TEXT + " characters");
                return value;
            });
        }
        return left;
    }

    private Expression unary() { return filtered(bare()); }

    private Expression bare() {
        int line = peek().line();
        if (acceptOperator("-")) {
            Expression value = nested(this::bare);
            return at(line, run -> Values.arithmetic("-", 0L, value.value(run)));
        }
        if (acceptOperator("+")) return nested(this::bare);
        return postfixed(primary());
    }

    private Expression filtered(Expression value) {
        while (true) {
            int line = peek().line();
            if (acceptOperator("|")) value = filter(line, value);
            else if (acceptName("is")) value = test(line, value);
            else if (peek().isOperator("(") || peek().isOperator(".") || peek().isOperator("[")) value = postfixed(value);
            else return value;
        }
    }

    final Expression filter(int line, Expression value) {
        String name = expectName();
        if (!Filters.KNOWN.contains(name)) throw new RequestException(where + ", line " + line, "unknown filter", "one that chat templates use", name);
        Arguments arguments = acceptOperator("(") ? arguments() : new Arguments(List.of(), Map.of());
        return at(line, run -> Filters.apply(name, value.value(run), arguments.values(run), arguments.namedValues(run)));
    }

    private Expression test(int line, Expression value) {
        boolean not = acceptName("not");
        String name = expectName();
        if (!Filters.TESTS.contains(name)) throw new RequestException(where + ", line " + line, "unknown test", "one that chat templates use", name);
        boolean operand = peek().is(Token.Kind.STRING) || peek().is(Token.Kind.INTEGER) || peek().is(Token.Kind.DECIMAL) || peek().isOperator("[") || peek().isOperator("{")
                || peek().is(Token.Kind.NAME) && !Set.of("else", "or", "and", "is", "if", "in", "not").contains(peek().text());
        Arguments arguments = acceptOperator("(") ? arguments() : operand ? new Arguments(List.of(postfixed(primary())), Map.of()) : new Arguments(List.of(), Map.of());
        return at(line, run -> Filters.test(name, value.value(run), arguments.values(run)) != not);
    }

    private Expression postfixed(Expression value) {
        while (true) {
            int line = peek().line();
            Expression base = value;
            if (acceptOperator(".")) {
                String name = peek().is(Token.Kind.INTEGER) ? next().text() : expectName();
                Object key = Character.isDigit(name.charAt(0)) ? (Object) Values.number(name) : name;
                value = at(line, run -> attribute(base.value(run), key, true));
            } else if (acceptOperator("[")) {
                value = subscript(line, base);
            } else if (acceptOperator("(")) {
                Arguments arguments = arguments();
                value = at(line, run -> {
                    if (base.value(run) instanceof Values.Callable function) return function.call(arguments.values(run), arguments.namedValues(run));
                    throw new Values.Refusal("what is called is no function");
                });
            } else {
                return value;
            }
        }
    }

    /** A method before a field where a point asks, a field before a method where brackets do. */
    private static Object attribute(Object base, Object key, boolean methodFirst) {
        if (base == Values.UNDEFINED) throw new Values.Refusal("an undefined value has no " + PythonText.of(key));
        boolean method = key instanceof String name && Methods.has(base, name);
        if (method && methodFirst) return method(base, (String) key);
        Object item = Values.item(base, key);
        return item == Values.UNDEFINED && method ? method(base, (String) key) : item;
    }

    private static Values.Callable method(Object base, String name) { return (arguments, named) -> Methods.call(base, name, arguments, named); }

    private Expression subscript(int line, Expression base) {
        Expression from = peek().isOperator(":") ? null : expression();
        if (acceptOperator("]")) return at(line, run -> attribute(base.value(run), from.value(run), false));
        expectOperator(":");
        Expression to = peek().isOperator(":") || peek().isOperator("]") ? null : expression();
        Expression step = acceptOperator(":") && !peek().isOperator("]") ? expression() : null;
        expectOperator("]");
        return at(line, run -> Values.slice(base.value(run), from == null ? null : from.value(run), to == null ? null : to.value(run), step == null ? null : step.value(run)));
    }

    private Arguments arguments() {
        List<Expression> inOrder = new ArrayList<>();
        Map<String, Expression> named = new LinkedHashMap<>();
        while (!acceptOperator(")")) {
            if (peek().is(Token.Kind.NAME) && tokens.get(at + 1).isOperator("=")) {
                String name = next().text();
                next();
                named.put(name, expression());
            } else {
                inOrder.add(expression());
            }
            if (!peek().isOperator(")")) expectOperator(",");
        }
        return new Arguments(inOrder, named);
    }

    private Expression primary() {
        Token token = next();
        switch (token.kind()) {
            case STRING -> {
                StringBuilder text = new StringBuilder(token.text());
                while (peek().is(Token.Kind.STRING)) text.append(next().text()); // neighbours are one string
                String whole = text.toString();
                return _ -> whole;
            }
            case INTEGER, DECIMAL -> {
                Object number = token.is(Token.Kind.DECIMAL) ? (Object) Double.valueOf(token.text()) : (Object) integer(token);
                return _ -> number;
            }
            case NAME -> { return named(token); }
            default -> {
                if (token.isOperator("(")) return parenthesis();
                if (token.isOperator("[")) return items();
                if (token.isOperator("{")) return dict();
                at -= token.is(Token.Kind.END) ? 0 : 1;
                throw unexpected("a value");
            }
        }
    }

    private Long integer(Token token) {
        try {
            return Values.number(token.text());
        } catch (Values.Refusal large) {
            throw new RequestException(where + ", line " + token.line(), large.getMessage());
        }
    }

    private static Expression named(Token token) {
        return switch (token.text()) {
            case "true", "True" -> _ -> true;
            case "false", "False" -> _ -> false;
            case "none", "None" -> _ -> null;
            default -> run -> run.scope.get(token.text());
        };
    }

    private Expression parenthesis() {
        if (acceptOperator(")")) return _ -> List.of();
        Expression value = tuple();
        expectOperator(")");
        return value;
    }

    private Expression items() {
        List<Expression> items = new ArrayList<>();
        while (!acceptOperator("]")) {
            items.add(expression());
            if (!peek().isOperator("]")) expectOperator(",");
        }
        return list(items);
    }

    private Expression dict() {
        List<Expression> keys = new ArrayList<>(), values = new ArrayList<>();
        while (!acceptOperator("}")) {
            keys.add(expression());
            expectOperator(":");
            values.add(expression());
            if (!peek().isOperator("}")) expectOperator(",");
        }
        return run -> {
            Map<Object, Object> map = new LinkedHashMap<>();
            for (int i = 0; i < keys.size(); i++) map.put(keys.get(i).value(run), values.get(i).value(run));
            return map;
        };
    }
}
