"""What a tracker is: the query, its exclusions, its alerts and its mappings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl
from polars.exceptions import ComputeError
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from trendlab.schemas import TABLES
from trendlab.trackers.alert_settings import AlertSettings
from trendlab.trackers.text import fold_term, is_word_character

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,39}$"
SOURCE_PATTERN = r"^[a-z0-9_]{1,40}$"
CITY_PATTERN = r"^[a-z0-9_]{1,60}$"
# An expression longer than this is a program, not a rule that a person checks.
MAX_EXPRESSION_LENGTH = 500
# Radius within which posts belong to an added city, where none is given.
CITY_RADIUS_KM = 25.0

# Columns that trendlab fills itself, or whose unit files do not share.
_NOT_MAPPED = {"day", "source", "media_count", "point_radius_km"}
POST_TARGETS = (set(TABLES["posts"].names) - _NOT_MAPPED) | {
    "author_name",
    "author_is_verified",
    "media_urls",
}
COMMENT_TARGETS = set(TABLES["comments"].names) - _NOT_MAPPED


class _Strict(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, str_strip_whitespace=True
    )


def _as_list(value: Any) -> Any:
    """Accept one item where a list is meant, and numbers where text is meant."""
    if value is None:
        return []
    items = [value] if isinstance(value, str | int | float) else value
    if not isinstance(items, list | tuple):
        return items
    if any(item is None for item in items):
        raise ValueError(
            "an entry is empty: in YAML a bare # starts a comment, so write "
            "hashtags without # or in quotes"
        )
    return [
        str(item)
        if isinstance(item, int | float) and not isinstance(item, bool)
        else item
        for item in items
    ]


def _folded(terms: Iterable[str], marks: str) -> tuple[str, ...]:
    folded = [fold_term(term, marks) for term in terms]
    for term, given in zip(folded, terms, strict=True):
        if not term:
            raise ValueError(f"{given!r} holds nothing to look for")
        if "\0" in term:
            raise ValueError("a term cannot hold a NUL character")
    return tuple(dict.fromkeys(folded))


def _hashtags(terms: tuple[str, ...]) -> tuple[str, ...]:
    folded = _folded(terms, "#＃")
    for term in folded:
        if " " in term:
            raise ValueError(f"a hashtag has no spaces, got {term!r}")
    return folded


def _accounts(terms: tuple[str, ...]) -> tuple[str, ...]:
    return _folded(terms, "@＠")


def _keywords(terms: tuple[str, ...]) -> tuple[str, ...]:
    return _folded(terms, "")


def _languages(terms: tuple[str, ...]) -> tuple[str, ...]:
    folded = _folded(terms, "")
    for term in folded:
        if not (2 <= len(term) <= 3 and term.isalpha()):
            raise ValueError(f"a language is an ISO 639 code such as en, got {term!r}")
    return folded


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"{name!r} is not a time zone; write an IANA name such as Europe/Paris"
        ) from None
    return name


def _expressions(terms: tuple[str, ...]) -> tuple[str, ...]:
    for term in terms:
        if len(term) > MAX_EXPRESSION_LENGTH:
            raise ValueError(
                f"an expression has at most {MAX_EXPRESSION_LENGTH} characters, "
                f"got {len(term)}"
            )
        try:
            matches_nothing = pl.Series([""]).str.contains(term)[0]
        except ComputeError as error:
            wrong = str(error).split("error:")[-1].split("This error occurred")[0]
            raise ValueError(
                f"cannot use the expression {term!r}: {' '.join(wrong.split())}"
            ) from None
        if matches_nothing:
            raise ValueError(
                f"the expression {term!r} matches the empty text, so it would drop "
                "every post"
            )
    return terms


Texts = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
Hashtags = Annotated[Texts, AfterValidator(_hashtags)]
Accounts = Annotated[Texts, AfterValidator(_accounts)]
Keywords = Annotated[Texts, AfterValidator(_keywords)]
Languages = Annotated[Texts, AfterValidator(_languages)]
Expressions = Annotated[Texts, AfterValidator(_expressions)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
SourceName = Annotated[str, Field(pattern=SOURCE_PATTERN)]
Sources = Annotated[tuple[SourceName, ...], BeforeValidator(_as_list)]


class Exclusion(_Strict):
    """A rule that keeps posts out of a tracker's numbers.

    Parameters
    ----------
    reason : str
        Why, in words.
    name : str or None
        Shown as `excluded_by`; the reason when not given.
    users, hashtags, expressions, languages : tuple of str
        What the rule lists. Expressions are searched in the folded caption by
        an engine without backtracking, so no pattern can take exponential time.
    mode : {"drop_if_any", "drop_if_only"}
        See `trendlab.trackers.exclusions`.
    valid_from, valid_to : date or None
        First and last local day of the rule; `from` and `to` in the file.
    """

    reason: str = Field(min_length=1)
    name: str | None = None
    users: Accounts = ()
    hashtags: Hashtags = ()
    expressions: Expressions = ()
    languages: Languages = ()
    mode: Literal["drop_if_any", "drop_if_only"] = "drop_if_any"
    valid_from: date | None = Field(default=None, alias="from")
    valid_to: date | None = Field(default=None, alias="to")

    @property
    def label(self) -> str:
        """The name to show."""
        return self.name if self.name is not None else self.reason

    def is_valid_on(self, day: date) -> bool:
        """Tell whether the rule holds on a local day, its first and last included."""
        is_begun = self.valid_from is None or self.valid_from <= day
        return is_begun and (self.valid_to is None or day <= self.valid_to)

    @model_validator(mode="after")
    def _check(self) -> Exclusion:
        if not (self.users or self.hashtags or self.expressions or self.languages):
            raise ValueError(
                "lists nothing: give users, hashtags, expressions or languages"
            )
        if (
            self.valid_from is not None
            and self.valid_to is not None
            and self.valid_from > self.valid_to
        ):
            raise ValueError(f"from {self.valid_from} is after to {self.valid_to}")
        return self


class AddedCity(_Strict):
    """A city to monitor besides the seed list."""

    city: str = Field(pattern=CITY_PATTERN)
    name: str | None = None
    country_code: str = Field(default="ZZ", pattern=r"^[A-Z]{2}$")
    region: str = "Other"
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    radius_km: float = Field(default=CITY_RADIUS_KM, gt=0, le=500)
    time_zone: TimeZone = "UTC"


class MappingSpec(_Strict):
    """How the columns of a CSV, JSONL or Parquet file become ours.

    Parameters
    ----------
    columns : dict
        Our column → the file's column, a dotted path into JSON cells, or a list.
    table : {"posts", "comments"}
    source : str or None
        Source name of the rows.
    time_format : str
        `auto`, `epoch_seconds`, `epoch_milliseconds`, or a strptime format.
    time_zone : str
        Zone of times that name none.
    encoding, delimiter : str or None
        Told from the content when not given.
    html_escaped : bool
        Turn `&amp;` into `&` in texts.
    hidden_counts : tuple of int
        Counts that mean "not shown".
    constants : dict
        Our column → a value for every row.
    collected_at : datetime or None
        When the rows were collected; the file's time of change when not given.
    """

    columns: dict[str, str | tuple[str, ...]] = Field(min_length=1)
    table: Literal["posts", "comments"] = "posts"
    source: SourceName | None = None
    time_format: str = "auto"
    time_zone: TimeZone = "UTC"
    encoding: str | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    html_escaped: bool = True
    hidden_counts: tuple[int, ...] = (-1,)
    constants: dict[str, str | int | float | bool] = Field(default_factory=dict)
    collected_at: datetime | None = None

    @model_validator(mode="after")
    def _check(self) -> MappingSpec:
        known = POST_TARGETS if self.table == "posts" else COMMENT_TARGETS
        given = {**self.columns, **self.constants}
        unknown = sorted(set(given) - known)
        if unknown:
            raise ValueError(
                f"{self.table} has no column {', '.join(unknown)}; "
                f"known: {', '.join(sorted(known))}"
            )
        needed = (
            {"created_at"}
            if self.table == "posts"
            else {"created_at", "post_id", "text"}
        )
        missing = sorted(needed - set(given))
        if missing:
            raise ValueError(f"{self.table} needs {', '.join(missing)}")
        if self.encoding is not None:
            try:
                "".encode(self.encoding)
            except LookupError:
                raise ValueError(f"unknown encoding {self.encoding!r}") from None
        if self.collected_at is not None and self.collected_at.tzinfo is None:
            raise ValueError("collected_at needs a zone, for example …T00:00:00Z")
        return self


class Tracker(_Strict):
    """A saved query. Everything is computed per tracker.

    Parameters
    ----------
    name : str
        Lower case letters, digits, `_` and `-`; not `all`.
    hashtags, accounts, keywords : tuple of str
        Terms; a post belongs when any of them is found.
    sources : tuple of str
        Only posts of these sources; with no terms, all posts of these sources.
    time_zone : str
        Zone whose calendar days are counted.
    cities : tuple of str or AddedCity
        Cities to monitor; all known cities when empty.
    exclusions : tuple of Exclusion
    brands : tuple of str
        Handles or ids of brands and shops, which are ranked apart from people; an
        author whom any tracker lists is a brand in all.
    alerts : AlertSettings
    mappings : dict of str to MappingSpec
        The file's column mappings, the same for all trackers of a file.
    """

    name: str = Field(pattern=NAME_PATTERN)
    hashtags: Hashtags = ()
    accounts: Accounts = ()
    keywords: Keywords = ()
    sources: Sources = ()
    time_zone: TimeZone = "UTC"
    cities: tuple[Annotated[str, Field(pattern=CITY_PATTERN)] | AddedCity, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    brands: Accounts = ()
    alerts: AlertSettings = AlertSettings()
    mappings: dict[str, MappingSpec] = Field(
        default_factory=dict, exclude=True, repr=False
    )

    @property
    def slug(self) -> str:
        """The name as it appears in the name of a source bound to the tracker."""
        return self.name.replace("-", "_")

    @property
    def has_terms(self) -> bool:
        """True where the tracker looks for something, not only at sources."""
        return bool(self.hashtags or self.accounts or self.keywords)

    @property
    def version(self) -> str:
        """Hash of the query; a changed query restarts the baseline."""
        query = [
            sorted(terms)
            for terms in (self.hashtags, self.accounts, self.keywords, self.sources)
        ]
        encoded = json.dumps(query, ensure_ascii=False).encode()
        return hashlib.blake2b(encoded, digest_size=8).hexdigest()

    @property
    def city_ids(self) -> tuple[str, ...]:
        """Ids of the cities that the tracker monitors; empty means all."""
        return tuple(
            city if isinstance(city, str) else city.city for city in self.cities
        )

    def added_cities(self) -> list[dict[str, Any]]:
        """Return the cities that the tracker adds, as rows of `cities`."""
        rows = []
        for city in self.cities:
            if isinstance(city, AddedCity):
                row = city.model_dump()
                if row["name"] is None:
                    row["name"] = city.city.replace("_", " ").title()
                rows.append(row)
        return rows

    @model_validator(mode="after")
    def _check(self) -> Tracker:
        if self.name == "all":
            raise ValueError("the name 'all' is taken: it stands for every tracker")
        # no terms and no sources is valid: such a tracker holds what is bound to it
        for keyword in self.keywords:
            if not any(is_word_character(c) or ord(c) > 127 for c in keyword):
                raise ValueError(f"the keyword {keyword!r} is only punctuation")
        return self
