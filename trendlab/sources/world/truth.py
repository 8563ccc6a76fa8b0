"""What was planted in a world: a tree of frozen values that is written as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from trendlab.errors import SettingsError


@dataclass(frozen=True)
class PlantedPeak:
    """Days on which a tracker has many more posts.

    Parameters
    ----------
    name : str
    tracker : str
    cities : tuple of str
        Where; empty is everywhere.
    start_on, apex_on, end_on : date
    factor : float
        Expected posts at the apex, as a multiple of the ordinary day, in `cities`.
    hashtag : str
    words : tuple of str
        Stand in most of the extra posts.
    author_ids : tuple of str
        Authors who make `author_share` of the extra posts, at most 15 a day each.
    author_share : float
    """

    name: str
    tracker: str
    cities: tuple[str, ...]
    start_on: date
    apex_on: date
    end_on: date
    factor: float
    hashtag: str
    words: tuple[str, ...]
    author_ids: tuple[str, ...]
    author_share: float


@dataclass(frozen=True)
class PlantedDip:
    """Days on which a topic of a tracker is written about badly.

    Parameters
    ----------
    name : str
    tracker : str
    start_on, end_on : date
    words : tuple of str
        The topic.
    hashtag : str
    topic_share : float
        Share of the tracker's posts and comments that are about the topic.
    negative_share : float
        Share of these that are negative.
    count_factor : float
        Posts of the tracker as a multiple of the ordinary day; 1 when the total does
        not move.
    """

    name: str
    tracker: str
    start_on: date
    end_on: date
    words: tuple[str, ...]
    hashtag: str
    topic_share: float
    negative_share: float
    count_factor: float


@dataclass(frozen=True)
class PlantedInfluencer:
    """An author with reach who drives a peak, and posts in `trackers` all along."""

    author_id: str
    handle: str
    home_city: str
    followers_count: int
    trackers: tuple[str, ...]
    peaks: tuple[str, ...]


@dataclass(frozen=True)
class PlantedSuspect:
    """An author whose followers are `factor` times as many from one day to the next.

    From `copies_from_on` on, strangers leave bought comments under the author's posts;
    None in worlds that were written before comments were bought.
    """

    author_id: str
    handle: str
    jump_on: date
    factor: float
    copies_from_on: date | None = None


@dataclass(frozen=True)
class PlantedEvent:
    """Weeks in which a colour or garment surges in a city.

    Parameters
    ----------
    name : str
    city : str
    weeks : tuple of date
        Mondays.
    kind : str
        colour or garment.
    value : str
    strength : float
        Share of garments (colour) or looks (garment) that take the value.
    is_yearly : bool
    words : tuple of str
        Stand in captions of the city in these weeks.
    hashtag : str
    """

    name: str
    city: str
    weeks: tuple[date, ...]
    kind: str
    value: str
    strength: float
    is_yearly: bool
    words: tuple[str, ...]
    hashtag: str


@dataclass(frozen=True)
class PlantedInfluence:
    """A style's logit share in one city drives that of another, weeks later."""

    style: str
    source_city: str
    target_city: str
    lag_weeks: int
    strength: float


@dataclass(frozen=True)
class PlantedStyle:
    """A style, its commonest colours and its garments, most telling first."""

    name: str
    garments: tuple[str, ...]
    colours: tuple[str, ...]


@dataclass(frozen=True)
class Truth:
    """All that was planted, and the frame that it was planted in.

    Gaps are noise and stand in null worlds too: `missing_days` were not ingested,
    of `partial_days` half was seen.
    """

    seed: int
    is_null: bool
    first_day: date
    last_day: date
    posts_per_day: float
    trackers: tuple[str, ...]
    cities: tuple[str, ...]
    peaks: tuple[PlantedPeak, ...]
    dips: tuple[PlantedDip, ...]
    influencers: tuple[PlantedInfluencer, ...]
    suspects: tuple[PlantedSuspect, ...]
    events: tuple[PlantedEvent, ...]
    influences: tuple[PlantedInfluence, ...]
    styles: tuple[PlantedStyle, ...]
    missing_days: tuple[date, ...]
    partial_days: tuple[date, ...]

    def to_json(self) -> str:
        """Return the truth as JSON; dates are ISO text."""
        return json.dumps(asdict(self), indent=1, default=date.isoformat)


_PARTS: dict[str, type[Any]] = {
    "peaks": PlantedPeak,
    "dips": PlantedDip,
    "influencers": PlantedInfluencer,
    "suspects": PlantedSuspect,
    "events": PlantedEvent,
    "influences": PlantedInfluence,
    "styles": PlantedStyle,
}


def read_truth(path: Path) -> Truth:
    """Read a truth that `to_json` wrote.

    Raises
    ------
    SettingsError
        If the file is not there or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        values = {name: _restored(name, value) for name, value in content.items()}
        for name, part in _PARTS.items():
            values[name] = tuple(
                part(**{key: _restored(key, v) for key, v in one.items()})
                for one in content[name]
            )
        return Truth(**values)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SettingsError(f"{path}: not the truth of a world: {error}") from None


def _restored(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_restored(name, item) for item in value)
    is_date = name.endswith(("_on", "_day", "_days")) or name == "weeks"
    if is_date and isinstance(value, str):
        return date.fromisoformat(value)
    return value
