"""Takes an author out of the files of a home: photos, alerts, reports, lists, tasks."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.alerts.inert import make_inert
from trendlab.lake import Lake
from trendlab.privacy import PLACEHOLDER, Author, replace_names
from trendlab.privacy.erasing import ERASED
from trendlab.steps.exports import Export, drop_exports, known_exports
from trendlab.steps.forget_plan import Erasure
from trendlab.steps.keys import write_privately
from trendlab.steps.media_store import FOLDER


def erase_photos(lake: Lake, home: Path, erasure: Erasure) -> tuple[int, int]:
    """Remove photos that no row of `media` names any more.

    Returns
    -------
    removed_count : int
    outside_count : int
        Photos that trendlab did not download: they are not its to remove, also where
        they lie under the home.
    """
    left = set(erasure.photos)
    wanted = pa.array(sorted(left), pa.string())
    for day in lake.days("media"):
        paths = lake.read("media", day, columns=["path"])["path"]
        used = paths.filter(pc.is_in(paths, value_set=wanted)).to_pylist()
        left.difference_update(used)
    removed = outside = 0
    inside = (home / FOLDER).resolve()
    for name in sorted(left):
        path = (home / name).resolve()
        if not path.is_relative_to(inside):
            outside += path.exists()
            continue
        removed += path.exists()
        path.unlink(missing_ok=True)
    return removed, outside


def erase_lines(text: str, erasure: Erasure) -> str:
    """Take an author out of the words of an alert, line by line.

    A line that quotes one of their texts, or gives the address of one, goes as a
    whole; elsewhere their handles are replaced, bare ones too: alerts name drivers.
    """
    author = erasure.author
    names = {make_inert(name) for name in author.handles}
    names |= {f"{author.source}:{own}" for own in author.author_ids}
    lines = []
    for line in text.split("\n"):
        quoted = line[3:].rpartition('"')[0] if line.startswith('- "') else ""
        is_theirs = quoted in erasure.quotes if quoted else False
        if is_theirs or any(names_address(line, url) for url in erasure.urls):
            lines.append(f"- {ERASED}")
            continue
        line = replace_names(line, author.is_named)
        for name in names:
            line = replace_word(line, name)
        lines.append(line)
    return "\n".join(lines)


def names_address(line: str, url: str) -> bool:
    """Tell whether a line names an address, and not only one that begins with it."""
    at = line.find(url)
    while at >= 0:
        after = line[at + len(url) : at + len(url) + 1]
        if not (after.isalnum() or after in ("_", "-")):
            return True
        at = line.find(url, at + 1)
    return False


def replace_word(text: str, word: str) -> str:
    """Replace a word where no letter or digit stands next to it, in any case."""
    folded, at, pieces = text.lower(), 0, []
    target = word.lower()
    while target and (found := folded.find(target, at)) >= 0:
        end = found + len(target)
        before = text[found - 1] if found else " "
        after = text[end] if end < len(text) else " "
        is_whole = not (before.isalnum() or after.isalnum())
        pieces += [text[at:found], PLACEHOLDER if is_whole else text[found:end]]
        at = end
    return "".join([*pieces, text[at:]])


def erase_alert_rows(rows: pa.Table, erasure: Erasure) -> pa.Table:
    """Return rows of `alerts` without the author."""
    for name in ("title", "body"):
        values = rows[name].to_pylist()
        changed = [erase_lines(value, erasure) for value in values]
        if changed != values:
            at = rows.schema.get_field_index(name)
            field = rows.schema.field(name)
            rows = rows.set_column(at, field, pa.array(changed, field.type))
    return rows


def erase_alert_files(home: Path, erasure: Erasure) -> int:
    """Take an author out of the files that alerts were written to; return how many."""
    changed = 0
    for path in sorted((home / "alerts").glob("*")):
        if path.suffix == ".jsonl":
            changed += _rewrite(path, lambda text: _erase_json_lines(text, erasure))
        elif path.suffix == ".txt":
            changed += _rewrite(path, lambda text: erase_lines(text, erasure))
        elif path.suffix == ".tmp":
            path.unlink()
    return changed


def _erase_json_lines(text: str, erasure: Erasure) -> str:
    lines = []
    for line in text.split("\n"):
        try:
            alert: dict[str, Any] = json.loads(line)
        except ValueError:
            # an empty line, or one that a kill cut
            lines.append(line if not line.strip() else "")
            continue
        for name in ("title", "body"):
            alert[name] = erase_lines(alert[name], erasure)
        lines.append(json.dumps(alert, ensure_ascii=False))
    return "\n".join(lines)


def erase_exports(home: Path, author: Author, *, with_reports: bool) -> list[str]:
    """Take an author out of reports, lists and tasks; return lines to print.

    Reports are removed, all of them: their figures are pictures, in which no name can
    be looked for. `trendlab report` writes one anew. Lists of texts and of photos
    keep the rows of others.

    Parameters
    ----------
    home : Path
    author : Author
    with_reports : bool
        False where nothing of the author was left, so no report can show them.
    """
    lines = []
    known = known_exports(home)
    reports = {home / one.path for one in known if one.kind == "report"}
    reports |= set((home / "reports").glob("*.html"))
    reports |= set((home / "reports").glob(".*.partial"))
    for path in sorted(reports if with_reports else ()):
        if path.exists():
            path.unlink()
            lines.append(f"report removed, write it again: {path}")
    for one in known:
        path = home / one.path
        if one.kind in ("texts", "photos") and path.exists():
            lines += _erase_list(one, path, author)
    drop_exports(
        home,
        [o.path for o in known if o.kind != "case" and not (home / o.path).exists()],
    )
    return lines


def _erase_list(one: Export, path: Path, author: Author) -> list[str]:
    change = _erase_texts if one.kind == "texts" else _erase_tasks
    try:
        is_changed = _rewrite(path, lambda text: change(text, author))
    except (ValueError, KeyError, TypeError, csv.Error, OSError) as error:
        return [
            f"not changed, look at it yourself ({type(error).__name__}): {path}",
        ]
    return [f"rows of the author removed: {path}"] if is_changed else []


def _erase_texts(text: str, author: Author) -> str:
    """Return a list of `trendlab review texts-export` without the author."""
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    kept = [row for row in rows if (row["source"], row["item_id"]) not in author.posts]
    changed = [
        {**row, "text": replace_names(row["text"], author.is_named)} for row in kept
    ]
    if not rows or changed == rows:
        return text
    written = io.StringIO()
    writer = csv.DictWriter(written, list(rows[0]))
    writer.writeheader()
    writer.writerows(changed)
    return "\ufeff" + written.getvalue()


def _erase_tasks(text: str, author: Author) -> str:
    """Return the tasks of `trendlab review export` without the author's photos."""
    tasks = json.loads(text)
    kept = [
        task
        for task in tasks
        if (task["data"]["source"], task["data"]["post_id"]) not in author.posts
    ]
    return text if len(kept) == len(tasks) else json.dumps(kept)


def _rewrite(path: Path, change: Callable[[str], str]) -> bool:
    """Replace a file by what its text is turned into; tell whether it changed."""
    with path.open(encoding="utf-8", newline="") as file:
        text = file.read()
    changed = change(text)
    if changed == text:
        return False
    mode = path.stat().st_mode & 0o777
    write_privately(path, changed)
    path.chmod(mode)
    return True
