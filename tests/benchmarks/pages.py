"""Reads a page as a browser would, as far as a test needs it: its elements, its text, what it would load."""

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from xml.etree import ElementTree

_VOID = {"meta"}
_CLOSED_IN_PLACE = {"rect", "line"}


@dataclass
class Page:
    """What a page holds."""

    elements: Counter[str] = field(default_factory=Counter)
    attributes: list[tuple[str, str, str | None]] = field(default_factory=list)
    text: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.elements[tag] += 1
        self.page.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.page.text += data


def read_page(html: str) -> Page:
    """Return the page's contents; fails where an element is not closed in its place."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    for svg in re.findall(r"<svg role.*?</svg>", html, re.DOTALL):
        ElementTree.fromstring(svg)  # the charts are well-formed XML, too
    return reader.page


def what_it_loads(html: str) -> list[str]:
    """Return everything in the page that could make a browser fetch or run something."""
    page = read_page(html)
    loading = {"src", "href", "xlink:href", "srcset", "data", "action", "style", "poster"}
    found = [f"{tag} {name}" for tag, name, _ in page.attributes if name in loading or name.startswith("on")]
    found += [tag for tag in ("script", "link", "img", "iframe", "object", "a", "base") if page.elements[tag]]
    return found + re.findall(r"url\(|@import", html)
