import pytest

from benchmarks.report_markdown import escape


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("3.45 s", "3.45 s"),
        ("3. a", "3\\. a"),
        ("12) a", "12\\) a"),
        ("- a", "\\- a"),
        ("# a", "\\# a"),
        ("===", "\\==="),
        ("+ a", "\\+ a"),
        ("2026-11-21", "2026-11-21"),
        ("a-b (c) d #1", "a-b (c) d #1"),
        ("a | b", "a \\| b"),
        ("[a](b)", "\\[a\\](b)"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("http://a www.b c@d", "http&#58;//a www&#46;b c&#64;d"),
        ("a\n\n# b\t\u200bc", "a # b c"),
        ("`a` *b* _c_ ~~d~~ $e$", "\\`a\\` \\*b\\* \\_c\\_ \\~\\~d\\~\\~ \\$e\\$"),
    ],
)
def test_markdown_shows_a_text_as_it_is(text: str, shown: str) -> None:
    assert escape(text) == shown
