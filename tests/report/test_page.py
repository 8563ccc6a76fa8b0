"""Pieces of a report's page: what came from outside is text, never markup."""

from __future__ import annotations

import pandas as pd

from trendlab.report.page import cards, heading, note, sentences, table, warning

HOSTILE = "<script>alert('x')</script><img src=x onerror=\"alert(1)\">"


def test_what_came_from_outside_is_shown_as_text():
    pieces = [
        table(pd.DataFrame({"caption": [HOSTILE]}), {"caption": HOSTILE}),
        cards({HOSTILE: HOSTILE}),
        note(HOSTILE),
        warning(HOSTILE),
        heading(HOSTILE),
        sentences([HOSTILE]),
    ]
    for piece in pieces:
        shown = piece._repr_html_()
        assert "<script" not in shown
        assert "<img" not in shown
        assert "&lt;script&gt;alert(" in shown


def test_a_table_without_rows_says_so():
    shown = table(pd.DataFrame({"caption": []}), {"caption": "Caption"})
    assert "Nothing to show." in shown._repr_html_()
