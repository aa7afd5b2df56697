package io.graft.formats.chat;

import io.graft.engine.RequestException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads a template's blocks: {@code if for set macro generation break continue}, and text and values between them. */
final class Statements extends Expressions {

    /** Something that prints, sets or ends a loop. */
    interface Statement {
        Run.Flow run(Run run);
    }

    private static final int DEEPEST = 100;

    private int depth;
    private boolean generation;

    Statements(String where, List<Token> tokens) { super(where, tokens); }

    /** {@return the whole template} */
    Statement template() {
        Statement body = body(Set.of());
        if (!peek().is(Token.Kind.END)) throw unexpected("the end of the template");
        return body;
    }

    /** Whether a generation tag was read. */
    boolean marksGeneration() { return generation; }

    /** Up to one of these words at the start of a block, which is then the next token. */
    private Statement body(Set<String> ends) {
        if (++depth > DEEPEST) throw new RequestException(where + ", line " + peek().line(), "blocks nested over " + DEEPEST + " deep");
        List<Statement> statements = new ArrayList<>();
        while (!peek().is(Token.Kind.END)) {
            Token token = next();
            switch (token.kind()) {
                case TEXT -> statements.add(print(token.line(), _ -> token.text()));
                case VALUE_BEGIN -> {
                    statements.add(print(token.line(), tuple()));
                    expect(Token.Kind.VALUE_END, "}}");
                }
                default -> {
                    if (peek().is(Token.Kind.NAME) && ends.contains(peek().text())) {
                        depth--;
                        return sequence(statements);
                    }
                    statements.add(block(token.line()));
                }
            }
        }
        if (!ends.isEmpty()) throw unexpected(String.join(" or ", ends.stream().sorted().toList()));
        depth--;
        return sequence(statements);
    }

    private static Statement sequence(List<Statement> statements) {
        return run -> {
            for (Statement each : statements) {
                Run.Flow flow = each.run(run);
                if (flow != Run.Flow.ON) return flow;
            }
            return Run.Flow.ON;
        };
    }

    private Statement print(int line, Expression value) {
        return guarded(line, run -> {
            run.print(PythonText.of(value.value(run)));
            return Run.Flow.ON;
        });
    }

    /** Names the line in what goes wrong. */
    private Statement guarded(int line, Statement statement) {
        return run -> {
            run.step();
            try {
                return statement.run(run);
            } catch (Values.Refusal refusal) {
                throw new RequestException(where + ", line " + line, refusal.getMessage());
            }
        };
    }

    private void expect(Token.Kind kind, String text) {
        if (!accept(kind, text)) throw unexpected(text);
    }

    private void end() { expect(Token.Kind.BLOCK_END, "%}"); }

    private Statement block(int line) {
        String word = expectName();
        return switch (word) {
            case "if" -> condition();
            case "for" -> loop(line);
            case "set" -> set(line);
            case "macro" -> macro();
            case "generation" -> generationBlock(line);
            case "break" -> {
                end();
                yield _ -> Run.Flow.BREAK;
            }
            case "continue" -> {
                end();
                yield _ -> Run.Flow.CONTINUE;
            }
            default -> throw new RequestException(where + ", line " + line, "unknown block", "if, for, set, macro, generation, break or continue", word);
        };
    }

    private Statement condition() {
        Expression test = tuple();
        end();
        Statement then = body(Set.of("elif", "else", "endif"));
        Statement otherwise;
        if (acceptName("elif")) {
            otherwise = nestedCondition();
        } else if (acceptName("else")) {
            end();
            otherwise = body(Set.of("endif"));
            next();
            end();
        } else {
            next();
            end();
            otherwise = _ -> Run.Flow.ON;
        }
        return run -> Values.truth(test.value(run)) ? then.run(run) : otherwise.run(run);
    }

    private Statement nestedCondition() {
        if (++depth > DEEPEST) throw new RequestException(where + ", line " + peek().line(), "over " + DEEPEST + " branches of one condition");
        Statement statement = condition();
        depth--;
        return statement;
    }

    private List<String> targets() {
        boolean bracket = acceptOperator("(");
        List<String> names = new ArrayList<>(List.of(expectName()));
        while (acceptOperator(",")) names.add(expectName());
        if (bracket) expectOperator(")");
        return names;
    }

    private static void assign(Run run, List<String> names, Object value) {
        if (names.size() == 1) {
            run.scope.set(names.getFirst(), value);
            return;
        }
        List<?> parts = Values.items(value);
        if (parts.size() != names.size()) throw new Values.Refusal(names.size() + " names for " + parts.size() + " values");
        for (int i = 0; i < names.size(); i++) run.scope.set(names.get(i), parts.get(i));
    }

    private Statement loop(int line) {
        List<String> names = targets();
        if (!acceptName("in")) throw unexpected("in");
        Expression source = orTuple();
        Expression filter = acceptName("if") ? expression() : null;
        if (peek().isName("recursive")) throw new RequestException(where + ", line " + line, "recursive loops are not supported");
        end();
        Statement body = body(Set.of("else", "endfor"));
        boolean alternative = acceptName("else");
        if (alternative) end();
        Statement otherwise = alternative ? body(Set.of("endfor")) : _ -> Run.Flow.ON;
        next();
        end();
        Expression items = at(line, run -> kept(run, Values.items(source.value(run)), names, filter));
        return guarded(line, run -> {
            List<?> list = (List<?>) items.value(run);
            if (list.isEmpty()) return otherwise.run(run);
            Loop loop = new Loop(list, run.scope.get("loop"));
            for (loop.at = 0; loop.at < list.size(); loop.at++) {
                Run.Flow flow = run.within(run.scope, () -> {
                    run.step();
                    assign(run, names, list.get(loop.at));
                    run.scope.set("loop", loop);
                    return body.run(run);
                });
                if (flow == Run.Flow.BREAK) break;
            }
            return Run.Flow.ON;
        });
    }

    private Expression orTuple() {
        Expression first = or();
        if (!peek().isOperator(",")) return first;
        List<Expression> items = new ArrayList<>(List.of(first));
        while (acceptOperator(",")) items.add(or());
        return run -> items.stream().map(each -> each.value(run)).toList();
    }

    private static List<?> kept(Run run, List<?> list, List<String> names, Expression filter) {
        if (filter == null) return list;
        List<Object> kept = new ArrayList<>();
        for (Object each : list) {
            run.within(run.scope, () -> {
                assign(run, names, each);
                if (Values.truth(filter.value(run))) kept.add(each);
                return Run.Flow.ON;
            });
        }
        return kept;
    }

    private Statement set(int line) {
        List<String> names = targets();
        String field = names.size() == 1 && acceptOperator(".") ? expectName() : null;
        Expression value;
        if (acceptOperator("=")) {
            value = tuple();
            end();
        } else {
            value = setBlock(line);
        }
        return guarded(line, run -> {
            Object result = value.value(run);
            if (field == null) assign(run, names, result);
            else if (run.scope.get(names.getFirst()) instanceof Values.Space space) space.fields().put(field, result);
            else throw new Values.Refusal("only a namespace has fields that can be set, and " + names.getFirst() + " is none");
            return Run.Flow.ON;
        });
    }

    /** {@code {% set name %} text {% endset %}}: what the body prints. */
    private Expression setBlock(int line) {
        end();
        Statement body = body(Set.of("endset"));
        next();
        end();
        return at(line, run -> run.capture(() -> body.run(run)));
    }

    private Statement macro() {
        String name = expectName();
        Map<String, Expression> parameters = new LinkedHashMap<>();
        expectOperator("(");
        while (!acceptOperator(")")) {
            String parameter = expectName();
            parameters.put(parameter, acceptOperator("=") ? expression() : _ -> Values.UNDEFINED);
            if (!peek().isOperator(")")) expectOperator(",");
        }
        end();
        Statement body = body(Set.of("endmacro"));
        next();
        end();
        return run -> {
            Run.Scope home = run.scope;
            home.set(name, (Values.Callable) (arguments, named) -> {
                if (arguments.size() > parameters.size()) throw new Values.Refusal("the macro " + name + " takes " + parameters.size() + " values, not " + arguments.size());
                return run.capture(() -> run.within(home, () -> {
                    int i = 0;
                    for (var parameter : parameters.entrySet()) {
                        Object value = i < arguments.size() ? arguments.get(i) : named.containsKey(parameter.getKey()) ? named.get(parameter.getKey()) : parameter.getValue().value(run);
                        run.scope.set(parameter.getKey(), value);
                        i++;
                    }
                    return body.run(run);
                }));
            });
            return Run.Flow.ON;
        };
    }

    private Statement generationBlock(int line) {
        generation = true;
        end();
        Statement body = body(Set.of("endgeneration"));
        next();
        end();
        return guarded(line, run -> run.generation(() -> body.run(run)));
    }
}
