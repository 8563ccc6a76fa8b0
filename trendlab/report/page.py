"""What a notebook shows: figures at two widths, tables, cards, notes.

Everything that came from outside (captions, handles, words) is escaped here, and
addresses are shown as text; links lead to other reports in the same folder only: a
report is read offline and must not be a way in.
"""

from __future__ import annotations

import base64
import html
import io
import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

WIDE_INCHES = 9.6
NARROW_INCHES = 4.1
DOTS_PER_INCH = 110
FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.html")


class Html:
    """A piece of HTML that Jupyter shows as it is."""

    def __init__(self, text: str) -> None:
        self.text = text

    def _repr_html_(self) -> str:
        return self.text


def figure(draw: Callable[[float], Figure], describe: str) -> Html:
    """Draw a figure for a desk and for a phone; the page shows the one that fits.

    Parameters
    ----------
    draw : callable
        Width in inches → figure.
    describe : str
        What the figure shows, for those who do not see it.
    """
    told = html.escape(describe, quote=True)
    pieces = []
    for width, kind in ((WIDE_INCHES, "wide-figure"), (NARROW_INCHES, "narrow")):
        buffer = io.BytesIO()
        draw(width).savefig(
            buffer,
            format="png",
            dpi=DOTS_PER_INCH if kind == "wide-figure" else 2 * DOTS_PER_INCH,
        )
        data = base64.b64encode(buffer.getvalue()).decode()
        pieces.append(
            f'<img class="{kind}" alt="{told}" src="data:image/png;base64,{data}">'
        )
    return Html("".join(pieces))


def table(
    rows: pd.DataFrame,
    columns: Mapping[str, str],
    *,
    shares: Iterable[str] = (),
    wide: Iterable[str] = (),
    empty: str = "Nothing to show.",
) -> Html:
    """Show a table, escaped, with numbers set to the right.

    Parameters
    ----------
    rows : DataFrame
    columns : mapping
        Column → heading; sets the order.
    shares : iterable of str
        Columns shown in per cent.
    wide : iterable of str
        Columns of running text, which get room.
    empty : str
        Sentence shown in place of a table without rows.
    """
    if rows.empty:
        return note(empty)
    shares, wide = set(shares), set(wide)
    numeric = {
        name for name in columns if pd.api.types.is_numeric_dtype(rows[name].dtype)
    }
    head = "".join(
        f"<th{' class=number' if name in numeric else ''}>{html.escape(title)}</th>"
        for name, title in columns.items()
    )
    lines = []
    for _, row in rows.iterrows():
        cells = []
        for name in columns:
            kind = "number" if name in numeric else "wide" if name in wide else ""
            if isinstance(row[name], date):
                kind = "date"
            shown = html.escape(show_value(row[name], name in shares))
            cells.append(f"<td{f' class={kind}' if kind else ''}>{shown}</td>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return Html(
        '<div class="scroll"><table><thead><tr>'
        f"{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def show_value(value: Any, is_share: bool = False) -> str:
    """Write a value for people: thousands, per cent, days, a dash for unknown."""
    if (
        value is None
        or value is pd.NaT
        or (isinstance(value, float) and math.isnan(value))
    ):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if is_share:
        return f"{100 * float(value):.1f} %"
    if isinstance(value, datetime | pd.Timestamp):
        return (
            f"{value:%Y-%m-%d %H:%M}"
            if (value.hour or value.minute)
            else (f"{value:%Y-%m-%d}")
        )
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return f"{value:,.0f}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)


def cards(values: Mapping[str, str]) -> Html:
    """Show a row of figures with what each counts."""
    inner = "".join(
        f'<div class="card"><b>{html.escape(value)}</b>'
        f"<span>{html.escape(name)}</span></div>"
        for name, value in values.items()
    )
    return Html(f'<div class="cards">{inner}</div>')


def note(text: str) -> Html:
    """Show a small remark."""
    return Html(f'<p class="note">{html.escape(text)}</p>')


def warning(text: str) -> Html:
    """Show a remark that must not be missed."""
    return Html(f'<p class="warn">{html.escape(text)}</p>')


def heading(text: str, level: int = 2) -> Html:
    """Show a heading whose text comes from data."""
    return Html(f"<h{level}>{html.escape(text)}</h{level}>")


def folded(summary: str, *pieces: Html) -> Html:
    """Show pieces behind a line that opens them; works without scripts."""
    inner = "".join(piece.text for piece in pieces)
    return Html(f"<details><summary>{html.escape(summary)}</summary>{inner}</details>")


def beside(text: str, file_name: str) -> Html:
    """Show a link to another report in the same folder.

    Raises
    ------
    ValueError
        If `file_name` is more than the name of an HTML file: an address leads out.
    """
    if not FILE_NAME.fullmatch(file_name):
        raise ValueError(f"a link wants the name of an HTML file, got {file_name!r}")
    return Html(f'<p class="note"><a href="{file_name}">{html.escape(text)}</a></p>')


def sentences(lines: Iterable[str]) -> Html:
    """Show a list of sentences."""
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    return Html(f"<ul>{items}</ul>") if items else Html("")
