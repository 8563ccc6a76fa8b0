"""Draws the posts of a day as arrays: how many, by whom, where, how liked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from trendlab.sources.world.columns import MICROSECONDS, item_ids
from trendlab.sources.world.plan import Plan
from trendlab.sources.world.streams import Bools, Floats, Ints, Stream, day_rng, pick
from trendlab.sources.world.truth import PlantedPeak
from trendlab.sources.world.vocabulary import LANGUAGES, NEGATIVE, NEUTRAL, POSITIVE

# Overdispersion of daily counts: shapes of gamma factors, that is 9 % for the whole
# tracker and 16 % for each of its cities on top of Poisson noise.
TRACKER_SHAPE, CELL_SHAPE = 120.0, 40.0
PARTIAL_SHARE = 0.5
# Flanks of a peak as a share of the apex's excess.
FLANK = 0.6
# Authors who write about a tracker that is not their own, or away from home.
OTHER_TRACKER_SHARE, TRAVELLING_SHARE = 0.12, 0.08
# A driver posts at most this often on a day of its peak; more would be a machine.
MAX_DRIVER_POSTS = 15
# Posts a day of a regular in each of its trackers: about three a week.
REGULAR_POSTS = 0.45
# Posts that carry a second tracker's tag.
SECOND_TRACKER_SHARE = 0.05
SPAM_SHARE = 0.06
# Tone of English texts, and its swing from day to day (beta-binomial rho).
NEGATIVE_SHARE, POSITIVE_SHARE = 0.12, 0.48
TONE_OVERDISPERSION = 0.01
# What a source tells of a post's place.
COORDINATES_SHARE, PLACE_NAME_SHARE = 0.38, 0.24
# Some apps send (0, 0) for an unknown place; readers must refuse it.
NULL_ISLAND_SHARE = 0.001
# Log likes rise by this with log followers, from this level, with this noise.
LIKES_SLOPE, LIKES_LEVEL, LIKES_NOISE = 0.8, -2.0, 0.7
PEAK_LIKES = 0.25
HIDDEN_POST_SHARE = 0.03
# Kinds of media, among posts with photos and without.
ALBUM_SHARE, VIDEO_SHARE = 0.15, 0.6
# Posts by local hour: little at night, most in the evening.
HOURS = np.array(
    [2, 1, 1, 1, 1, 1, 2, 3, 4, 4, 4, 5, 6, 6, 5, 5, 5, 6, 7, 8, 8, 7, 5, 3], np.float64
)
HOUR_SECONDS, DAY_SECONDS = 3_600, 86_400


@dataclass(frozen=True)
class Counted:
    """Which posts a day has, in order of their ids.

    Parameters
    ----------
    tracker, place : (n,) int64
    peak, dip : (n,) int64
        Position of the planted run that the post is extra for, −1 for none.
    """

    tracker: Ints
    place: Ints
    peak: Ints
    dip: Ints

    def __len__(self) -> int:
        return len(self.tracker)


@dataclass(frozen=True)
class Posts:
    """Posts of a day, one entry each, in order of their ids.

    Parameters
    ----------
    ids : pyarrow.StringArray
    counted : Counted
    author : (n,) int64
    seconds : (n,) int64
        Microseconds since the UTC day began.
    followers : (n,) int64
    tone : (n,) int64
    language : (n,) int64
        Position in `vocabulary.LANGUAGES`, −1 for English.
    topic : (n,) int64
        Position of the dip whose topic the post is about, −1 for none.
    second_tracker : (n,) int64
    is_spam : (n,) bool
    likes, comments, shares : (n,) int64
    is_hidden : (n,) bool
        Likes are not shown.
    media_kind : (n,) int64
        0 none, 1 image, 2 video, 3 album, as the table's allowed values.
    media_count : (n,) int64
    place_kind : (n,) int64
        What tells the place: 0 coordinates, 1 name, 2 nothing.
    """

    ids: pa.Array
    counted: Counted
    author: Ints
    seconds: Ints
    followers: Ints
    tone: Ints
    language: Ints
    topic: Ints
    second_tracker: Ints
    is_spam: Bools
    likes: Ints
    comments: Ints
    shares: Ints
    is_hidden: Bools
    media_kind: Ints
    media_count: Ints
    place_kind: Ints

    def __len__(self) -> int:
        return len(self.author)


def draw_counted(plan: Plan, day: date) -> Counted:
    """Draw how many posts each tracker and place has on a day."""
    truth = plan.truth
    none = np.zeros(0, dtype=np.int64)
    index = plan.day_index(day)
    if not 0 <= index < len(plan.rates) or day in truth.missing_days:
        return Counted(none, none, none, none)
    rng = day_rng(plan.config.seed, Stream.COUNTS, day)
    rates = plan.rates[index]
    rates = rates * rng.gamma(TRACKER_SHAPE, 1 / TRACKER_SHAPE, (len(rates), 1))
    rates = rates * rng.gamma(CELL_SHAPE, 1 / CELL_SHAPE, rates.shape)
    if day in truth.partial_days:
        rates = rates * PARTIAL_SHARE
    places = plan.place_count
    blocks = [(np.arange(rates.size), rng.poisson(rates).ravel(), -1, -1)]
    for number, peak in enumerate(truth.peaks):
        if peak.start_on <= day <= peak.end_on:
            height = (peak.factor - 1) * (1.0 if day == peak.apex_on else FLANK)
            cells = truth.trackers.index(peak.tracker) * places + _places(plan, peak)
            extra = rng.poisson(rates.ravel()[cells] * height)
            blocks.append((cells, extra, number, -1))
    for number, dip in enumerate(truth.dips):
        if dip.start_on <= day <= dip.end_on and dip.count_factor > 1:
            cells = truth.trackers.index(dip.tracker) * places + np.arange(places)
            extra = rng.poisson(rates.ravel()[cells] * (dip.count_factor - 1))
            blocks.append((cells, extra, -1, number))
    cell = np.concatenate([np.repeat(cells, counts) for cells, counts, _, _ in blocks])
    sizes = [int(counts.sum()) for _, counts, _, _ in blocks]
    tracker, place = np.divmod(cell, places)
    return Counted(
        tracker,
        place,
        np.repeat([peak for _, _, peak, _ in blocks], sizes),
        np.repeat([dip for _, _, _, dip in blocks], sizes),
    )


def _places(plan: Plan, peak: PlantedPeak) -> Ints:
    if not peak.cities:
        return np.arange(plan.place_count)
    return np.array([plan.truth.cities.index(city) for city in peak.cities])


def draw_posts(plan: Plan, day: date, counted: Counted) -> Posts:
    """Draw the posts of a day."""
    rng = day_rng(plan.config.seed, Stream.POSTS, day)
    count = len(counted)
    author = _authors(rng, plan, counted)
    followers = plan.authors.followers_on(author, plan.day_index(day))
    topic = _topics(rng, plan, day, counted)
    tone = draw_tones(rng, plan, counted.tracker, topic)
    likes = _likes(rng, plan, counted, author, followers)
    media_kind, media_count = _media(rng, plan, count)
    hidden = plan.authors.hides_likes[author]
    return Posts(
        ids=item_ids(day, count),
        counted=counted,
        author=author,
        seconds=_seconds(rng, plan, counted.place),
        followers=followers,
        tone=tone,
        language=draw_languages(rng, plan, counted.place),
        topic=topic,
        second_tracker=_second_trackers(rng, plan, counted.tracker),
        is_spam=_spam(rng, plan, counted),
        likes=likes,
        comments=rng.poisson(0.04 * likes + 0.3),
        shares=rng.poisson(0.015 * likes),
        is_hidden=hidden | (rng.random(count) < HIDDEN_POST_SHARE),
        media_kind=media_kind,
        media_count=media_count,
        place_kind=_place_kinds(rng, count),
    )


def _authors(rng: np.random.Generator, plan: Plan, counted: Counted) -> Ints:
    """Draw authors by tracker and place; drivers for some posts of their peaks."""
    count = len(counted)
    trackers, places = len(plan.truth.trackers), plan.place_count
    is_other = rng.random(count) < OTHER_TRACKER_SHARE
    is_away = rng.random(count) < TRAVELLING_SHARE
    tracker = np.where(is_other, rng.integers(0, trackers, count), counted.tracker)
    place = np.where(is_away, rng.integers(0, places, count), counted.place)
    author = plan.authors.draw(rng, tracker * places + place)
    draw = rng.random(count)
    for number, peak in enumerate(plan.truth.peaks):
        drivers = plan.drivers.of_peak[peak.name]
        mine = np.flatnonzero((counted.peak == number) & (draw < peak.author_share))
        mine = mine[: MAX_DRIVER_POSTS * len(drivers)]
        if len(mine):
            author[mine] = rng.choice(np.array(drivers), len(mine))
    is_plain = (counted.peak < 0) & (counted.dip < 0)
    cell = np.where(is_plain, counted.tracker * places + counted.place, -1)
    for row, number in plan.drivers.regulars:
        mine = np.flatnonzero(cell == number * places + plan.authors.home[row])
        size = min(int(rng.poisson(REGULAR_POSTS)), len(mine) // 2)
        author[rng.choice(mine, size, replace=False)] = row
    return author


def _topics(rng: np.random.Generator, plan: Plan, day: date, counted: Counted) -> Ints:
    """Choose the posts that are about a dip's topic, extra posts among them."""
    topic = counted.dip.copy()
    draw = rng.random(len(counted))
    for number, dip in enumerate(plan.truth.dips):
        if dip.start_on <= day <= dip.end_on:
            # extra posts are all about the topic: the rest makes up the share
            extra = dip.count_factor - 1
            share = max(dip.topic_share * dip.count_factor - extra, 0.0)
            is_own = counted.tracker == plan.truth.trackers.index(dip.tracker)
            topic[is_own & (counted.dip < 0) & (draw < share)] = number
    return topic


def draw_tones(
    rng: np.random.Generator, plan: Plan, tracker: Ints, topic: Ints
) -> Ints:
    """Draw the tone of texts: a share of negatives that swings from day to day.

    Texts about a dip's topic are negative with the dip's own share.
    """
    weight = 1 / TONE_OVERDISPERSION - 1
    daily = rng.beta(
        NEGATIVE_SHARE * weight,
        (1 - NEGATIVE_SHARE) * weight,
        len(plan.truth.trackers),
    )
    negative = daily[tracker]
    for number, dip in enumerate(plan.truth.dips):
        negative = np.where(topic == number, dip.negative_share, negative)
    draw = rng.random(len(tracker))
    is_positive = rng.random(len(tracker)) < POSITIVE_SHARE / (1 - NEGATIVE_SHARE)
    other = np.where(is_positive, POSITIVE, NEUTRAL)
    return np.where(draw < negative, NEGATIVE, other)


def draw_languages(rng: np.random.Generator, plan: Plan, place: Ints) -> Ints:
    """Draw languages: mostly English, else mostly the place's own."""
    count = len(place)
    is_english = rng.random(count) < plan.english[place]
    is_local = rng.random(count) < 0.85
    any_other = rng.integers(0, len(LANGUAGES), count)
    other = np.where(
        is_local & (plan.languages[place] >= 0), plan.languages[place], any_other
    )
    return np.where(is_english, -1, other)


def _likes(
    rng: np.random.Generator,
    plan: Plan,
    counted: Counted,
    author: Ints,
    followers: Ints,
) -> Ints:
    noise = rng.normal(0, LIKES_NOISE, len(author))
    level = LIKES_LEVEL + LIKES_SLOPE * np.log1p(followers)
    level = level + plan.authors.quality[author] + PEAK_LIKES * (counted.peak >= 0)
    return np.exp(level + noise).astype(np.int64)


def _seconds(rng: np.random.Generator, plan: Plan, place: Ints) -> Ints:
    """Draw times of day in microseconds, by the local hour of the place."""
    hour = pick(rng, HOURS, len(place))
    local = hour * HOUR_SECONDS + rng.random(len(place)) * HOUR_SECONDS
    utc = (local - plan.utc_offsets[place] * HOUR_SECONDS) % DAY_SECONDS
    # the day's last microsecond at the latest: rounding must not pass midnight
    limit = DAY_SECONDS * MICROSECONDS - 1
    return np.minimum((utc * MICROSECONDS).astype(np.int64), limit)


def _second_trackers(rng: np.random.Generator, plan: Plan, tracker: Ints) -> Ints:
    count, trackers = len(tracker), len(plan.truth.trackers)
    if trackers == 1:
        return np.full(count, -1, dtype=np.int64)
    other = (tracker + rng.integers(1, trackers, count)) % trackers
    return np.where(rng.random(count) < SECOND_TRACKER_SHARE, other, -1)


def _spam(rng: np.random.Generator, plan: Plan, counted: Counted) -> Bools:
    has_spam = np.array(
        [tracker.spam_hashtag is not None for tracker in plan.config.trackers]
    )
    is_plain = (counted.peak < 0) & (counted.dip < 0)
    return np.asarray(
        has_spam[counted.tracker] & is_plain & (rng.random(len(counted)) < SPAM_SHARE)
    )


def _media(rng: np.random.Generator, plan: Plan, count: int) -> tuple[Ints, Ints]:
    has_photo = rng.random(count) < plan.config.photo_share
    draw = rng.random(count)
    kind = np.where(
        has_photo,
        np.where(draw < ALBUM_SHARE, 3, 1),
        np.where(draw < VIDEO_SHARE, 2, 0),
    )
    album = rng.integers(2, 4, count)
    return kind, np.where(kind == 3, album, (kind > 0).astype(np.int64))


def _place_kinds(rng: np.random.Generator, count: int) -> Ints:
    draw: Floats = rng.random(count)
    return np.where(
        draw < COORDINATES_SHARE,
        0,
        np.where(draw < COORDINATES_SHARE + PLACE_NAME_SHARE, 1, 2),
    )
