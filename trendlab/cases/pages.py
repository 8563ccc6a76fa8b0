"""What a person opens in a case: CSV for spreadsheets, and a page if it is small."""

from __future__ import annotations

import csv
import html
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from trendlab.schemas.sources import network_of

# Beyond so many posts a page is no help; the CSV is.
MAX_PAGE_POSTS = 2_000
_LEFT_OUT = {"day", "run_id"}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src 'self'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem; max-width: 60rem; }}
article {{ border-top: 1px solid #ddd; padding: .6rem 0; }}
p {{ white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0; }}
.who {{ color: #555; }} img {{ max-height: 10rem; }}
blockquote {{ margin: .3rem 0 .3rem 1.5rem; color: #333; }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


def write_pages(
    folder: Path,
    tables: Mapping[str, pa.Table],
    title: str,
    *,
    inert: Callable[[str], str],
) -> list[Path]:
    """Write posts.csv, comments.csv and, of a small case, index.html.

    Parameters
    ----------
    folder : Path
    tables : mapping of str to pyarrow.Table
        `posts`, `comments`, `sentiment`, `tracker_posts` and `media`, whose `path`
        is below the case.
    title : str
    inert : callable
        Makes a cell that a spreadsheet does not compute.

    Returns
    -------
    list of Path
    """
    written = []
    for name in ("posts", "comments"):
        path = folder / f"{name}.csv"
        _write_csv(path, tables[name], inert)
        written.append(path)
    if tables["posts"].num_rows <= MAX_PAGE_POSTS:
        path = folder / "index.html"
        path.write_text(_page(tables, title), encoding="utf-8")
        written.append(path)
    return written


def _write_csv(path: Path, rows: pa.Table, inert: Callable[[str], str]) -> None:
    names = [name for name in rows.column_names if name not in _LEFT_OUT]
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for row in rows.select(names).to_pylist():
            writer.writerow([inert(_shown(row[name])) for name in names])


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value)


def _page(tables: Mapping[str, pa.Table], title: str) -> str:
    scores = {
        (one["source"], one["item_kind"], one["item_id"]): one["label"]
        for one in tables["sentiment"].to_pylist()
    }
    # one copy of a post stands for it in tracker_posts
    cities = {
        (network_of(one["source"]), one["post_id"]): one["city"]
        for one in tables["tracker_posts"].to_pylist()
    }
    photos: dict[tuple[str, str], list[str]] = {}
    for one in tables["media"].to_pylist():
        if one["path"] is not None:
            photos.setdefault((one["source"], one["post_id"]), []).append(one["path"])
    comments: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in tables["comments"].to_pylist():
        comments.setdefault((one["source"], one["post_id"]), []).append(one)
    pieces = []
    posts = tables["posts"].to_pylist()
    for post in sorted(posts, key=lambda one: (one["created_at"], one["post_id"])):
        key = (post["source"], post["post_id"])
        label = scores.get((key[0], "post", key[1]))
        who = [post["author_handle"] or post["author_id"] or "author not known"]
        who += [f"{post['created_at']:%Y-%m-%d %H:%M} UTC", post["source"]]
        who += [
            cities.get((network_of(key[0]), key[1]), "unknown"),
            label or "not scored",
        ]
        told = [_paragraph(" · ".join(who), "who"), _paragraph(post["caption"] or "")]
        told += [f'<img src="{html.escape(path)}">' for path in photos.get(key, [])]
        for one in comments.get(key, []):
            by = one["author_handle"] or one["author_id"] or "author not known"
            told.append(f"<blockquote>{html.escape(f'{by}: ' + one['text'])}")
            told.append("</blockquote>")
        pieces.append(f"<article>{''.join(told)}</article>")
    return PAGE.format(title=html.escape(title), body="\n".join(pieces))


def _paragraph(text: str, kind: str = "") -> str:
    marked = f' class="{kind}"' if kind else ""
    return f"<p{marked}>{html.escape(text)}</p>"
