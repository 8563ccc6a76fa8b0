"""Pieces of a report's page: what came from outside is text, never markup."""

from __future__ import annotations

import pandas as pd
import pytest

from trendlab.report.page import (
    beside,
    cards,
    folded,
    heading,
    note,
    sentences,
    table,
    warning,
)

HOSTILE = "<script>alert('x')</script><img src=x onerror=\"alert(1)\">"


def test_what_came_from_outside_is_shown_as_text():
    pieces = [
        table(pd.DataFrame({"caption": [HOSTILE]}), {"caption": HOSTILE}),
        cards({HOSTILE: HOSTILE}),
        note(HOSTILE),
        warning(HOSTILE),
        heading(HOSTILE),
        sentences([HOSTILE]),
        folded(HOSTILE, note(HOSTILE)),
        beside(HOSTILE, "styles.html"),
    ]
    for piece in pieces:
        shown = piece._repr_html_()
        assert "<script" not in shown
        assert "<img" not in shown
        assert "&lt;script&gt;alert(" in shown


def test_a_table_without_rows_says_so():
    shown = table(pd.DataFrame({"caption": []}), {"caption": "Caption"})
    assert "Nothing to show." in shown._repr_html_()


@pytest.mark.parametrize(
    "name", ["", "../a.html", "https://a.example/b.html", "a.html#x", 'a".html', "a.js"]
)
def test_a_link_leads_to_a_file_of_the_same_folder_only(name):
    with pytest.raises(ValueError, match="name of an HTML file"):
        beside("atlas", name)
    assert 'href="styles-all.html"' in beside("atlas", "styles-all.html")._repr_html_()
