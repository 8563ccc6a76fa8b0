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
    """Turns records into rows by a mapping; holds the compiled mapping only."""

    def __init__(self, mapping: ColumnMapping) -> None:
        self._mapping = mapping
        self._zone = ZoneInfo(mapping.time_zone)
        self._get: dict[str, Getter] = {
            target: _getter(target, given) for target, given in mapping.columns.items()
        }
        for target, value in mapping.constants.items():
            self._get[target] = _constant(value)
        self._has_author = any(name in self._get for name in _AUTHOR_COLUMNS)
        self._counts = [name for name in self._get if name.endswith("_count")]
        self._texts = [
            name for name in ("author_place", "place_name") if name in self._get
        ]
        self._ids = [
            name
            for name in ("url", "place_id", "reply_to_id", "repost_of_id")
            if name in self._get
        ]

    def _value(self, name: str, record: Row) -> Any:
        getter = self._get.get(name)
        return None if getter is None else getter(record)

    def _moment(self, name: str, record: Row) -> datetime:
        return read_moment(
            self._value(name, record),
            name,
            time_format=self._mapping.time_format,
            zone=self._zone,
        )

    def _observed_at(self, record: Row, default: datetime) -> datetime:
        if "observed_at" not in self._get:
            return default
        return self._moment("observed_at", record)

    def _text(self, name: str, record: Row) -> str | None:
        return read_text(
            self._value(name, record), name, is_escaped=self._mapping.html_escaped
        )

    def post(self, record: Row, observed_at: datetime) -> tuple[tuple[str, Row], ...]:
        """Return a post with its photos and its author.

        Raises
        ------
        FieldError
            If a mapped field cannot be read.
        """
        created_at = self._moment("created_at", record)
        caption = self._text("caption", record)
        author_id = read_id(self._value("author_id", record), "author_id")
        handle = read_handle(self._value("author_handle", record), "author_handle")
        row: Row = {
            "created_at": created_at,
            "caption": caption,
            "author_id": author_id if author_id is not None else handle,
            "author_handle": handle,
            "observed_at": self._observed_at(record, observed_at),
            "is_repost": False,
        }
        for name in self._counts:
            row[name] = read_count(
                self._get[name](record), name, self._mapping.hidden_counts
            )
        for name in self._texts:
            row[name] = self._text(name, record)
        for name in self._ids:
            row[name] = read_id(self._get[name](record), name)
        row["post_id"] = self._post_id(record, row)
        self._read_tags(record, row)
        if "lat" in self._get or "lon" in self._get:
            row["lat"], row["lon"] = read_point(
                self._value("lat", record), self._value("lon", record)
            )
        if "language_given" in self._get:
            row["language_given"] = read_id(
                self._get["language_given"](record), "language_given"
            )
        if "is_repost" in self._get:
            is_repost = read_flag(self._get["is_repost"](record), "is_repost")
            row["is_repost"] = is_repost is True
        elif row.get("repost_of_id") is not None:
            row["is_repost"] = True
        if "is_sponsored" in self._get:
            row["is_sponsored"] = read_flag(
                self._get["is_sponsored"](record), "is_sponsored"
            )
        media = self._media(record, row)
        rows = [("posts", row), *(("media", photo) for photo in media)]
        if self._has_author and row["author_id"] is not None:
            rows.append(("authors", self._author(record, row)))
        return tuple(rows)

    def _post_id(self, record: Row, row: Row) -> str:
        if "post_id" in self._get:
            given = read_id(self._get["post_id"](record), "post_id")
            if given is None:
                raise FieldError("post_id", "is missing")
            return given
        author, text, url = row["author_id"], row["caption"], row.get("url")
        if author is None and text is None and url is None:
            raise FieldError("post_id", "cannot be made: no author, text or address")
        moment = row["created_at"].isoformat()
        if url is not None:
            return stable_id(author, moment, text, url)
        return stable_id(author, moment, text)

    def _read_tags(self, record: Row, row: Row) -> None:
        if "hashtags" in self._get:
            given = read_list(self._get["hashtags"](record), "hashtags")
            row["hashtags"] = fold_tags(given)
        else:
            row["hashtags"] = hashtags_in(row["caption"])
        if "mentions" in self._get:
            given = read_list(self._get["mentions"](record), "mentions")
            row["mentions"] = fold_handles(given)
        else:
            row["mentions"] = mentions_in(row["caption"])

    def _media(self, record: Row, row: Row) -> list[Row]:
        urls = read_list(self._value("media_urls", record), "media_urls")
        photos = [url for url in dict.fromkeys(urls) if is_photo_address(url)]
        kind = read_id(self._value("media_kind", record), "media_kind")
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

    def _author(self, record: Row, row: Row) -> Row:
        return {
            "author_id": row["author_id"],
            "observed_at": row["observed_at"],
            "handle": row["author_handle"],
            "name": self._text("author_name", record),
            "author_kind": "unknown",
            "profile_place": row.get("author_place"),
            "followers_count": row.get("author_followers_count"),
            "is_verified": read_flag(
                self._value("author_is_verified", record), "author_is_verified"
            ),
        }

    def comment(
        self, record: Row, observed_at: datetime
    ) -> tuple[tuple[str, Row], ...]:
        """Return a comment.

        Raises
        ------
        FieldError
            If a mapped field cannot be read, or the post or the text is missing.
        """
        handle = read_handle(self._value("author_handle", record), "author_handle")
        author_id = read_id(self._value("author_id", record), "author_id")
        row: Row = {
            "post_id": read_id(self._value("post_id", record), "post_id"),
            "parent_id": read_id(self._value("parent_id", record), "parent_id"),
            "created_at": self._moment("created_at", record),
            "author_id": author_id if author_id is not None else handle,
            "author_handle": handle,
            "text": self._text("text", record),
            "language_given": read_id(
                self._value("language_given", record), "language_given"
            ),
            "likes_count": read_count(
                self._value("likes_count", record),
                "likes_count",
                self._mapping.hidden_counts,
            ),
            "observed_at": self._observed_at(record, observed_at),
        }
        for needed in ("post_id", "text"):
            if row[needed] is None:
                raise FieldError(needed, "is missing")
        comment_id = read_id(self._value("comment_id", record), "comment_id")
        if comment_id is None:
            comment_id = stable_id(
                row["post_id"],
                row["author_id"],
                row["created_at"].isoformat(),
                row["text"],
            )
        row["comment_id"] = comment_id
        return (("comments", row),)


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
