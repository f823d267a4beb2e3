"""A1111's prompt syntax: the table of its own parser, and what is refused rather than misread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime import InvalidRequest, TextToImage
from runtime.prompt_syntax import Network, is_short, parse_prompt

# The table of A1111's attention parser (modules/prompt_parser.py, its docstring).
TABLE = [
    ("normal text", [("normal text", 1.0)]),
    ("an (important) word", [("an ", 1.0), ("important", 1.1), (" word", 1.0)]),
    ("(unbalanced", [("unbalanced", 1.1)]),
    (r"\(literal\]", [("(literal]", 1.0)]),
    ("(unnecessary)(parens)", [("unnecessaryparens", 1.1)]),
    (
        "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
        [
            ("a ", 1.0),
            ("house", 1.5730000000000004),
            (" ", 1.1),
            ("on", 1.0),
            (" a ", 1.1),
            ("hill", 0.55),
            (", sun, ", 1.1),
            ("sky", 1.4641000000000006),
            (".", 1.1),
        ],
    ),
]
MORE = [
    ("", [("", 1.0)]),
    ("[x]", [("x", 1 / 1.1)]),
    ("[[x]", [("x", 1 / 1.1 / 1.1)]),
    ("((x))", [("x", 1.1 * 1.1)]),
    ("(x: -0.5 )", [("x", -0.5)]),
    ("(x:.5)", [("x", 0.5)]),
    ("x:1.3)", [("x:1.3)", 1.0)]),  # nothing is open
    ("(x:1.2.3)", [("x:1.2.3", 1.1)]),  # no number
    ("x) y]", [("x) y]", 1.0)]),
    ("a: b", [("a: b", 1.0)]),
    (r"a \\ b \: c\d", [(r"a \ b : cd", 1.0)]),
    (r"\[a|b\]", [("[a|b]", 1.0)]),
    ("a | b", [("a | b", 1.0)]),
    ("[a (b|c:1.2)]", [("a ", 1 / 1.1), ("b|c", 1.2 / 1.1)]),
    ("a <3 b", [("a <3 b", 1.0)]),
]


@pytest.mark.parametrize(("text", "pieces"), TABLE + MORE)
def test_weights_are_read_as_a1111_reads_them(text: str, pieces: list[tuple[str, float]]) -> None:
    (section,) = parse_prompt(text).sections
    assert [(piece.text, pytest.approx(piece.weight, rel=1e-15)) for piece in section] == pieces


def test_break_is_a_word_of_its_own() -> None:
    def texts(prompt: str) -> list[list[tuple[str, float]]]:
        return [[(p.text, p.weight) for p in section] for section in parse_prompt(prompt).sections]

    assert texts("a red house \n BREAK green hills") == [[("a red house", 1.0)], [("green hills", 1.0)]]
    assert texts("BREAK a") == [[("", 1.0)], [("a", 1.0)]]
    assert texts("UNBREAKABLE break BREAKs") == [[("UNBREAKABLE break BREAKs", 1.0)]]
    assert texts("(a BREAK b:2)") == [[("a", 2.0)], [("b", 2.0)]]


@given(text=st.text(alphabet="ab ()[]:|<>\\.,1BREAK\n", max_size=40))
def test_any_text_is_read_or_refused_in_a_sentence(text: str) -> None:
    try:
        parsed = parse_prompt(text)
    except InvalidRequest:
        return
    written = "".join(piece.text for section in parsed.sections for piece in section)
    assert sum(map(written.count, "ab")) <= sum(map(text.count, "ab"))
    if not set(text) & set("()[]\\<>") and "BREAK" not in text:
        assert written == text


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("a cat AND a dog", "the prompt joins prompts with AND, which is not supported: write a comma"),
        ("a [red:blue:0.5] house", r"the prompt changes from step to step at '\[red:blue:0.5\]'"),
        ("a [red:10] house", r"changes from step to step at '\[red:10\]'"),
        ("a [red::0.5] house", r"changes from step to step at '\[red::0.5\]'"),
        ("a [red|blue] house", r"changes from step to step at '\[red\|blue\]'"),
        ("a ([red (dark:1.2)|blue]:1.1) house", r"at '\[red \(dark:1.2\)\|blue\]'"),
        ("a <hypernet:style:0.5> house", "asks for '<hypernet:style:0.5>', and networks beside"),
        ("(house:1e3) (house:101)", "weighs 'house' by 101: use a weight up to 100"),
    ],
)
def test_what_is_not_supported_is_said_when_the_request_is_made(prompt: str, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        TextToImage(prompt=prompt)
    with pytest.raises(InvalidRequest, match="the negative prompt"):
        TextToImage(negative_prompt=prompt)


def test_networks_are_taken_out_of_the_text() -> None:
    parsed = parse_prompt("a <lora:my style:0.8:0.5> house <LyCO:x:1>")
    assert parsed.networks == (
        Network(kind="lora", arguments=("my style", "0.8", "0.5"), text="<lora:my style:0.8:0.5>"),
        Network(kind="lyco", arguments=("x", "1"), text="<LyCO:x:1>"),
    )
    assert parsed.sections[0][0].text == "a  house "
    assert not parsed.is_empty
    assert parse_prompt("<lora:x:1>").is_empty


def test_what_is_plainly_short_is_known_without_a_tokenizer() -> None:
    assert is_short("a red house on green hills, under a night sky")
    assert not is_short("house " * 60)
    assert not is_short("a BREAK b")
    assert not is_short("红房子")
