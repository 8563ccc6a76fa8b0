"""Turns the HTML of posts and profiles into the text that their readers see."""

from __future__ import annotations

import re
from html.parser import HTMLParser

# Tags that begin on a line of their own, with an empty line before.
_BLOCKS = {"p", "div", "blockquote", "ul", "ol", "pre", "h1", "h2", "h3", "h4"}
_LINES = {"br", "li", "tr"}
_SILENT = {"script", "style"}
_MANY_LINES = re.compile(r"\n{3,}")


class _Text(HTMLParser):
    """Collects text; holds what was read so far."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n\n")
        elif tag in _LINES:
            self.parts.append("\n")
        elif tag in _SILENT:
            self._silent += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n\n")
        elif tag in _SILENT and self._silent:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def text_of(markup: str) -> str:
    """Return the text of HTML: paragraphs apart, entities resolved, links in full.

    Parameters
    ----------
    markup : str
        Any text; what is no HTML comes back as it is.
    """
    if "<" not in markup and "&" not in markup:
        return markup.strip()
    reader = _Text()
    try:
        reader.feed(markup)
        reader.close()
    except AssertionError:
        # how html.parser reports some malformed declarations
        reader.parts.append(reader.rawdata)
    return _MANY_LINES.sub("\n\n", "".join(reader.parts)).strip()
