"""What a column mapping says, and how records become rows by it."""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from trendlab.sources.base import FieldError, Row
from trendlab.sources.fields import (
    fold_handles,
    fold_tags,
    hashtags_in,
    is_given,
    is_photo_address,
    mentions_in,
    read_count,
    read_flag,
    read_handle,
    read_id,
    read_list,
    read_moment,
    read_point,
    read_text,
    stable_id,
)

# A cell longer than this is no place or author object.
MAX_CELL_CHARACTERS = 20_000
JOIN = " + "
"""Between columns whose texts are joined, as in `title + selftext`."""

_AUTHOR_COLUMNS = (
    "author_name",
    "author_followers_count",
    "author_place",
    "author_is_verified",
)
_TEXTS = ("caption", "text", "author_name", "author_place", "place_name")
# Read together with other fields, or from lists.
_READ_APART = (
    "created_at",
    "observed_at",
    "hashtags",
    "mentions",
    "media_urls",
    "lat",
    "lon",
)


@dataclass(frozen=True)
class ColumnMapping:
    """Which column of a file is which of ours.

    Parameters
    ----------
    name : str
    columns : mapping
        Our column → a column of the file, a dotted path into a JSON cell, columns
        joined by ` + `, or several of these, of which the first that is given counts.
    table : {"posts", "comments"}
    source : str or None
        Source name of the rows; the mapping's name when None.
    time_format, time_zone : str
        See `trendlab.sources.fields.read_moment`.
    encoding, delimiter : str or None
        Told from the content when None.
    html_escaped : bool
        Turn `&amp;` into `&` in texts.
    hidden_counts : tuple of int
        Counts that mean "not shown".
    constants : mapping
        Our column → a value for every record.
    collected_at : datetime or None
        When the records were collected; the file's time of change when None.
    """

    name: str
    columns: Mapping[str, str | tuple[str, ...]]
    table: str = "posts"
    source: str | None = None
    time_format: str = "auto"
    time_zone: str = "UTC"
    encoding: str | None = None
    delimiter: str | None = None
    html_escaped: bool = True
    hidden_counts: tuple[int, ...] = (-1,)
    constants: Mapping[str, Any] = field(default_factory=dict)
    collected_at: datetime | None = None

    def needed_columns(self) -> set[str]:
        """Return the outer columns that a file must have to fit.

        Of several alternatives one is enough, so none of them is needed.
        """
        needed = set()
        for given in self.columns.values():
            if isinstance(given, str):
                for part in given.split(JOIN):
                    needed.add(part.split(".")[0])
        return needed

    def fits(self, names: Iterable[str]) -> bool:
        """Tell whether a file with these columns can be read by this mapping."""
        present = set(names)
        outer = {name.split(".")[0] for name in present}
        if not self.needed_columns() <= (present | outer):
            return False
        return all(
            any(name.split(JOIN)[0].split(".")[0] in present for name in given)
            for target, given in self.columns.items()
            if not isinstance(given, str)
            and target in ("created_at", "text", "post_id")
        )


Getter = Callable[[Row], Any]


class RecordReader:
    """Turns records into rows by a mapping; holds the compiled mapping only.

    Parameters
    ----------
    mapping : ColumnMapping
    """

    def __init__(self, mapping: ColumnMapping) -> None:
        self._mapping = mapping
        self._zone = ZoneInfo(mapping.time_zone)
        self._get: dict[str, Getter] = {
            target: _getter(target, given) for target, given in mapping.columns.items()
        }
        for target, value in mapping.constants.items():
            self._get[target] = _constant(value)
        self._created_at = self._get.get("created_at", _constant(None))
        self._observed_at = self._get.get("observed_at", _constant(None))
        self._has_author = any(name in self._get for name in _AUTHOR_COLUMNS)
        self._has_point = "lat" in self._get and "lon" in self._get
        self._has_media = "media_urls" in self._get or "media_kind" in self._get
        self._plain = [
            (name, getter, self._reader_of(name))
            for name, getter in self._get.items()
            if name not in _READ_APART
        ]

    def _reader_of(self, name: str) -> Callable[[Any, str], Any]:
        """Return how a field is read that depends on no other."""
        if name.endswith("_count"):
            hidden = frozenset(self._mapping.hidden_counts)
            return lambda value, field: read_count(value, field, hidden)
        if name in _TEXTS:
            escaped = self._mapping.html_escaped
            return lambda value, field: read_text(value, field, is_escaped=escaped)
        if name.startswith("is_") or name == "author_is_verified":
            return read_flag
        return read_handle if name == "author_handle" else read_id

    def _moment(self, value: Any, field: str) -> datetime:
        return read_moment(
            value, field, time_format=self._mapping.time_format, zone=self._zone
        )

    def _read(self, record: Row, observed_at: datetime) -> Row:
        """Return every field that is read by itself, and the two moments."""
        row: Row = {
            "created_at": self._moment(self._created_at(record), "created_at"),
            "observed_at": observed_at,
            "author_id": None,
            "author_handle": None,
        }
        seen_at = self._observed_at(record)
        if is_given(seen_at):
            row["observed_at"] = self._moment(seen_at, "observed_at")
        for name, getter, read in self._plain:
            row[name] = read(getter(record), name)
        if row["author_id"] is None:
            row["author_id"] = row["author_handle"]
        return row

    def post(self, record: Row, observed_at: datetime) -> tuple[tuple[str, Row], ...]:
        """Return a post with its photos and its author.

        Parameters
        ----------
        record : dict
        observed_at : datetime
            Where the record itself does not say.

        Raises
        ------
        FieldError
            If a mapped field cannot be read.
        """
        row = self._read(record, observed_at)
        row["post_id"] = self._post_id(row)
        self._read_tags(record, row)
        if self._has_point:
            row["lat"], row["lon"] = read_point(
                self._get["lat"](record), self._get["lon"](record)
            )
        if row.get("is_repost") is None:
            row["is_repost"] = row.get("repost_of_id") is not None
        rows = [("posts", row)]
        if self._has_media:
            rows += [("media", photo) for photo in self._media(record, row)]
        else:
            row["media_kind"], row["media_count"] = "none", 0
        if self._has_author and row["author_id"] is not None:
            rows.append(("authors", _author(row)))
        return tuple(rows)

    def _post_id(self, row: Row) -> str:
        if "post_id" in self._get:
            given: str | None = row["post_id"]
            if given is None:
                raise FieldError("post_id", "is missing")
            return given
        author, text, url = row["author_id"], row.get("caption"), row.get("url")
        if author is None and text is None and url is None:
            raise FieldError("post_id", "cannot be made: no author, text or address")
        moment = row["created_at"].isoformat()
        if url is not None:
            return stable_id(author, moment, text, url)
        return stable_id(author, moment, text)

    def _read_tags(self, record: Row, row: Row) -> None:
        caption = row.get("caption")
        if "hashtags" in self._get:
            given = read_list(self._get["hashtags"](record), "hashtags")
            row["hashtags"] = fold_tags(given)
        else:
            row["hashtags"] = hashtags_in(caption)
        if "mentions" in self._get:
            given = read_list(self._get["mentions"](record), "mentions")
            row["mentions"] = fold_handles(given)
        else:
            row["mentions"] = mentions_in(caption)

    def _media(self, record: Row, row: Row) -> list[Row]:
        getter = self._get.get("media_urls", _constant(None))
        urls = read_list(getter(record), "media_urls")
        photos = [url for url in dict.fromkeys(urls) if is_photo_address(url)]
        kind = row.get("media_kind")
        if kind is None:
            kind = ("none", "image", "album")[min(len(photos), 2)]
        row["media_kind"] = kind
        row["media_count"] = max(len(photos), 0 if kind == "none" else 1)
        return [
            {
                "post_id": row["post_id"],
                "media_index": index,
                "media_kind": "cover" if kind == "video" else "image",
                "url": url,
                "status": "offered",
                "observed_at": row["observed_at"],
            }
            for index, url in enumerate(photos)
        ]

    def comment(
        self, record: Row, observed_at: datetime
    ) -> tuple[tuple[str, Row], ...]:
        """Return a comment.

        Raises
        ------
        FieldError
            If a mapped field cannot be read, or the post or the text is missing.
        """
        row = self._read(record, observed_at)
        for needed in ("post_id", "text"):
            if row.get(needed) is None:
                raise FieldError(needed, "is missing")
        if row.get("comment_id") is None:
            row["comment_id"] = stable_id(
                row["post_id"],
                row["author_id"],
                row["created_at"].isoformat(),
                row["text"],
            )
        return (("comments", row),)


def _author(row: Row) -> Row:
    return {
        "author_id": row["author_id"],
        "observed_at": row["observed_at"],
        "handle": row["author_handle"],
        "name": row.get("author_name"),
        "author_kind": "unknown",
        "profile_place": row.get("author_place"),
        "followers_count": row.get("author_followers_count"),
        "is_verified": row.get("author_is_verified"),
    }


def _constant(value: Any) -> Getter:
    return lambda record: value


def _getter(target: str, given: str | tuple[str, ...]) -> Getter:
    """Compile what a mapping says of one column."""
    if isinstance(given, str):
        return _one_getter(target, given)
    getters = [_one_getter(target, name) for name in given]

    def first_given(record: Row) -> Any:
        for getter in getters:
            value = getter(record)
            if is_given(value):
                return value
        return None

    return first_given


def _one_getter(target: str, name: str) -> Getter:
    if JOIN in name:
        getters = [_one_getter(target, part.strip()) for part in name.split(JOIN)]

        def joined(record: Row) -> Any:
            values = [getter(record) for getter in getters]
            return "\n\n".join(str(value) for value in values if is_given(value))

        return joined
    if "." not in name:
        return lambda record: record.get(name)
    first, *rest = name.split(".")

    def walked(record: Row) -> Any:
        if name in record:
            return record[name]
        value = record.get(first)
        for step in rest:
            if isinstance(value, str) and value:
                value = _cell(target, value)
            if isinstance(value, dict):
                value = value.get(step)
            elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
                value = value[int(step)]
            else:
                return None
        return value

    return walked


@lru_cache(maxsize=4096)
def _cell(target: str, text: str) -> Any:
    """Read a cell that holds JSON, or what Python prints for a dictionary."""
    if len(text) > MAX_CELL_CHARACTERS:
        raise FieldError(target, "lies in a cell that is too long", text)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise FieldError(target, "lies in a cell that is not JSON", text) from None
