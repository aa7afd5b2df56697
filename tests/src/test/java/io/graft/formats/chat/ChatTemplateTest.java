package io.graft.formats.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.graft.engine.RequestException;
import io.graft.formats.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatTemplateTest {

    private static String render(String source, Message... messages) { return ChatTemplate.of("t", source, Map.of("bos_token", "<s>")).render(List.of(messages), false, Map.of()); }

    /** Each right-hand side is what Jinja2 3.1.6 prints, with the options of Transformers. */
    @ParameterizedTest
    @CsvSource(delimiter = '@', quoteCharacter = '`', value = {
        "{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % -3 }} {{ 7 / 2 }} {{ 2 ** 10 }}@3 -4 -2 3.5 1024",
        "{{ 'a' ~ 1 ~ none ~ true ~ 1.0 ~ x }}@a1NoneTrue1.0",
        "{{ [1, 'a', none] }} {{ {'k': [true]} }}@[1, 'a', None] {'k': [True]}",
        "{{ 'abcdef'[1:-1:2] }} {{ 'abc'[::-1] }} {{ 'abc'[-1] }} {{ [1,2,3][:2] }}@bd cba c [1, 2]",
        "{{ 1 < 2 < 3 }} {{ 3 > 2 > 2 }} {{ 'a' in 'cat' }} {{ 'k' not in {'k': 1} }}@True False True False",
        "{{ 'x' if false }}{{ 'y' if true else 'z' }}@y",
        "{{ not true or true and not false }}@True",
        "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}{{ v }}{{ ',' if not loop.last }}{% endfor %}@a1,b2",
        "{% for x in range(9) if x % 2 %}{% if x == 7 %}{% break %}{% endif %}{% if x == 3 %}{% continue %}{% endif %}{{ loop.index }}{{ x }} {% endfor %}@11 35",
        "{% for x in [] %}a{% else %}none{% endfor %}@none",
        "{% set a = 1 %}{% for x in [1] %}{% set a = 2 %}{% endfor %}{{ a }}@1",
        "{% set n = namespace(a=1) %}{% for x in [1] %}{% set n.a = 2 %}{% endfor %}{{ n.a }}@2",
        "{% macro m(a, b='!') %}{{ a }}{{ b }}{% endmacro %}{{ m('x') }}{{ m('y', b='?') }}@x!y?",
        "{% set t %}a{{ 1 }}b{% endset %}{{ t | upper }}@A1B",
        "{{ ' a ' | trim }}.{{ 'a,b'.split(',') | join('-') }}.{{ 'xxaxx'.strip('x') }}.{{ 'aXa'.replace('a', 'b') }}@a.a-b.a.bXb",
        "{{ [{'a': 1}, {'a': 2}] | selectattr('a', 'equalto', 2) | map(attribute='a') | list }}@[2]",
        "{{ [3, 1, 2] | sort | reverse | list }} {{ ['a', 'b'] | first }} {{ [1, 2] | last }} {{ [1, 2] | length }}@[3, 2, 1] a 2 2",
        "{{ x is defined }} {{ none is none }} {{ 'a' is string }} {{ {} is mapping }} {{ 1 is number }} {{ [] is iterable }}@False True True True True True",
        "{{ missing | default('d') }} {{ '' | default('d', true) }}@d d",
        "{{ 'hello world' | title }} {{ 'HELLO' | capitalize }}@Hello World Hello",
        "{{ {'b': 1, 'a': [1.5, none, true, 'é<']} | tojson }}@{\"b\": 1, \"a\": [1.5, null, true, \"é<\"]}",
        "{{ 0.1 + 0.2 }} {{ 1e16 }} {{ 1e-5 }} {{ 100000.0 }}@0.30000000000000004 1e+16 1e-05 100000.0",
        "{{ 'a' 'b' }}{{ \"it's\" }}@abit's",
        "{% raw %}{{ x }}{% endraw %}{# gone #}@{{ x }}",
        "{{ (1, 2)[1] }} {{ {'a': {'b': 3}}.a.b }} {{ {'a': 1}['a'] }} {{ {'a': 1}.get('z', 9) }}@2 3 1 9",
        "{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'c')) }} {{ 'a b  c'.split() | length }}@True True 3",
        "{{ bos_token }}{{ tools is none }}@<s>True",
    })
    void expressionsHaveTheirValues(String source, String expected) { assertEquals(expected, render(source).strip()); }

    @Test
    void whiteSpaceIsTrimmedAsTransformersDoes() {
        assertEquals("a\nb\n", render("  {% if true %}\na\n  {% endif %}\nb\n\n"));
        assertEquals("ab", render("a  \n {%- if true -%} \n b {%- endif %}"));
        assertEquals("x  y\nz", render("{{ 'x' }}  {{ 'y' }}\n{# c #}\nz\n"));
        assertEquals("a  b", render("a  {%+ if true %}b{% endif %}"));
        assertEquals("1\n2\n", render("{% for i in [1, 2] %}\n    {{- i }}\n{% endfor %}"));
    }

    @Test
    void messageTextIsNeverATemplate() {
        for (String text : List.of("{{ 7 * 7 }}", "{% raise %}", "{# c #}", "{% endfor %}", "\\n {{", "}} %}"))
            assertEquals("[" + text + "]", render("{% for m in messages %}[{{ m.content }}]{% endfor %}", Message.of("user", text)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{{ 1", "{% if x %}", "{% for %}{% endfor %}", "{% include 'x' %}", "{{ x | shell }}", "{{ x is odder }}", "{{ 'a }}", "{{ [1 }}", "{% endif %}", "{{ }}", "{# x", "{% raw %}x",
        "{{ messages.append(1) }}", "{{ x.y }}", "{{ 1 + 'a' }}", "{{ 1 / 0 }}", "{{ none.x() }}", "{{ 9223372036854775807 + 1 }}", "{{ 99999999999999999999 }}", "{% set x.y = 1 %}", "{{ ''.__class__() }}", "{{ '' | attr('x') }}",
        "{% for x in 5 %}{% endfor %}", "{% for x in y recursive %}{% endfor %}", "{{ 'a' < 1 }}"})
    void whatIsNotKnownOrWrongIsAnErrorWithItsLine(String source) {
        RequestException refused = assertThrows(RequestException.class, () -> render("\n\n" + source));
        assertTrue(refused.getMessage().startsWith("t, line 3: "), refused.getMessage());
    }

    /** A template comes with a download: none may hang, fill the memory or overflow the stack. */
    @ParameterizedTest
    @ValueSource(strings = {"{% for a in range(100000) %}{% for b in range(100000) %}{{ b }}{% endfor %}{% endfor %}", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{{ 'a' * 9999999999 }}",
        "{{ range(99999999999) }}", "{% set n = namespace(s='xxxxxxxxxxxxxxxx') %}{% for i in range(64) %}{% set n.s = n.s + n.s %}{% endfor %}", "{% set n = namespace(s='xxxxxxxxxxxxxxxx') %}{% for i in range(64) %}{% set n.s = n.s.replace('x', 'xxxx') %}{% endfor %}"})
    void workIsBounded(String source) {
        assertTimeoutPreemptively(Duration.ofSeconds(60), () -> assertThrows(RequestException.class, () -> render(source)));
    }

    @Test
    void depthIsBounded() {
        for (String source : List.of("{{ " + "(".repeat(5000) + "1" + ")".repeat(5000) + " }}", "{{ " + "not ".repeat(5000) + "1 }}", "{{ " + "-".repeat(5000) + "1 }}", "{{ " + "[".repeat(5000) + " }}",
                "{% if 1 %}".repeat(5000), "{% if 1 %}" + "{% elif 1 %}".repeat(5000) + "{% endif %}"))
            assertThrows(RequestException.class, () -> render(source), source.substring(0, 12));
    }

    @Test
    void templatesComeFromTheirFiles(@TempDir Path folder) throws IOException {
        RequestException none = assertThrows(RequestException.class, () -> ChatTemplate.fromFolder(folder));
        assertTrue(none.getMessage().contains("no chat template"), none.getMessage());
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"eos_token\":{\"content\":\"</s>\"},\"chat_template\":[{\"name\":\"tools\",\"template\":\"t\"},{\"name\":\"default\",\"template\":\"d{{ eos_token }}{{ bos_token }}\"}]}");
        assertEquals("d</s>", ChatTemplate.fromFolder(folder).render(List.of(), false, Map.of()));
        Files.writeString(folder.resolve("chat_template.jinja"), "j{{ add_generation_prompt }}{{ tools[0].name }}");
        assertEquals("jTruef", ChatTemplate.fromFolder(folder).render(List.of(), true, new HashMap<>(Map.of("tools", Json.parse("x", "[{\"name\":\"f\"}]")))));
    }

    @Test
    void theAssistantsRangesAreInCodePoints() {
        ChatTemplate template = ChatTemplate.of("t", "\uD83D\uDE00{% generation %}\uD83D\uDE00b{% endgeneration %}c{% generation %}{% endgeneration %}", Map.of());
        assertEquals(List.of(new Rendered.Range(1, 3)), template.renderWithMask(List.of(), false, Map.of()).assistant());
        assertThrows(RequestException.class, () -> ChatTemplate.of("t", "x", Map.of()).renderWithMask(List.of(), false, Map.of()));
    }
}
