"""Writes captions, hashtags, mentions and comments of a day, whole columns at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.sources.world.columns import string_lists, taken
from trendlab.sources.world.plan import Plan
from trendlab.sources.world.posts import Posts
from trendlab.sources.world.streams import Bools, Ints
from trendlab.sources.world.styles import COLOURS, GARMENTS
from trendlab.sources.world.vocabulary import (
    CLOSERS,
    COLOUR_WORDS,
    COMMENTS,
    FOREIGN,
    GARMENT_WORDS,
    LANGUAGES,
    OPENERS,
    TAGS_FIRST,
    TAGS_SECOND,
)

# Posts that carry their tracker's first tag, or another of its tags.
MAIN_TAG_SHARE, OTHER_TAG_SHARE = 0.65, 0.2
KEYWORD_SHARE = 0.12
ACCOUNT_SHARE = 0.3
MENTION_SHARE = 0.25
# In a peak, posts that mention one of those who drive it.
DRIVER_MENTION_SHARE = 0.4
PHRASE_SHARE = 0.7
THEME_TAG_SHARE, THEME_WORDS_SHARE = 0.85, 0.8
TOPIC_TAG_SHARE, TOPIC_WORDS_SHARE = 0.5, 0.9
EVENT_TAG_SHARE, EVENT_WORDS_SHARE = 0.5, 0.5
FIRST_FILLER_SHARE, SECOND_FILLER_SHARE = 0.6, 0.45

# How each garment is spoken of; the plural ones take no article.
_WITH = {"bag", "belt", "sunglasses", "headwear", "scarf/tie"}
_PLURAL = {"boots", "footwear", "sunglasses", "pants", "shorts"}


@dataclass(frozen=True)
class Written:
    """Texts of a day's posts.

    Parameters
    ----------
    captions : pyarrow.StringArray
    hashtags, mentions : pyarrow.ListArray
    """

    captions: pa.Array
    hashtags: pa.Array
    mentions: pa.Array


class _Choices:
    """Groups of texts in one array, so that a group's texts are drawn by position."""

    def __init__(self, groups: list[tuple[str, ...]]) -> None:
        self.texts = pa.array([text for group in groups for text in group], pa.string())
        self.sizes = np.array([len(group) for group in groups])
        self.starts = np.cumsum(self.sizes) - self.sizes

    def draw(self, rng: np.random.Generator, group: Ints) -> Ints:
        """Draw the position of a text of each group; a group of −1 gives −1."""
        drawn = self.starts[group] + (rng.random(len(group)) * self.sizes[group])
        return np.where(group < 0, -1, drawn).astype(np.int64)


class Writer:
    """Holds the texts of a world as arrays; built once, used for every day."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        tones = sorted(OPENERS)
        self._foreign_from = len(tones)
        foreign = [FOREIGN[language] for language in LANGUAGES]
        self._openers = _Choices(
            [OPENERS[tone] for tone in tones] + [openers for openers, _ in foreign]
        )
        self._closers = _Choices(
            [CLOSERS[tone] for tone in tones] + [closers for _, closers in foreign]
        )
        self._comments = _Choices(
            [COMMENTS[tone] for tone in tones] + [openers for openers, _ in foreign]
        )
        self._phrases = pa.array(_phrases(), pa.string())
        self._build_tags()
        self._build_accounts()
        truth = plan.truth
        self._themes = pa.array(
            [f" at the {' '.join(peak.words)}" for peak in truth.peaks]
            + [f" about the {' and the '.join(dip.words)}" for dip in truth.dips]
            + [f" by the {' near the '.join(event.words)}" for event in truth.events],
            pa.string(),
        )
        self._complaints = pa.array(
            [f"; the {' and the '.join(dip.words)} again" for dip in truth.dips],
            pa.string(),
        )

    def _build_tags(self) -> None:
        truth, trackers = self.plan.truth, self.plan.config.trackers
        tags: list[str] = []
        self._tracker_tags = np.zeros((len(trackers), 2), dtype=np.int64)
        self._spam_tags = np.full(len(trackers), -1, dtype=np.int64)
        for number, tracker in enumerate(trackers):
            self._tracker_tags[number] = len(tags)
            self._tracker_tags[number, 1] += min(1, len(tracker.hashtags) - 1)
            tags += tracker.hashtags
            if tracker.spam_hashtag is not None:
                self._spam_tags[number] = len(tags)
                tags.append(tracker.spam_hashtag)
        self._theme_tags_from = len(tags)
        tags += [peak.hashtag for peak in truth.peaks]
        tags += [dip.hashtag for dip in truth.dips]
        tags += [event.hashtag for event in truth.events]
        self._first_from = len(tags)
        tags += TAGS_FIRST
        self._second_from = len(tags)
        tags += TAGS_SECOND
        self._tags = pa.array(tags, pa.string())

    def _build_accounts(self) -> None:
        trackers, authors = self.plan.config.trackers, self.plan.authors
        accounts = [tracker.accounts[:1] for tracker in trackers]
        known = [name for names in accounts for name in names]
        self._handles = pa.concat_arrays(
            [authors.handles, pa.array(known, pa.string())]
        )
        self._accounts = np.full(len(trackers), -1, dtype=np.int64)
        self._accounts[[bool(names) for names in accounts]] = len(authors) + np.arange(
            len(known)
        )
        self._keywords = pa.array(
            [f", {tracker.keywords[0]}" for tracker in trackers if tracker.keywords],
            pa.string(),
        )
        has_keyword = np.array([bool(tracker.keywords) for tracker in trackers])
        self._keyword_of = np.where(has_keyword, np.cumsum(has_keyword) - 1, -1)

    def write(
        self,
        rng: np.random.Generator,
        day: date,
        posts: Posts,
        garment: Ints,
        colour: Ints,
    ) -> Written:
        """Write the posts of a day.

        Parameters
        ----------
        rng : numpy.random.Generator
        day : date
        posts : Posts
        garment, colour : (n,) int64
            What the caption may name.
        """
        count, tracker = len(posts), posts.counted.tracker
        event = self._events(day, posts.counted.place)
        theme = self._theme(posts, event)
        tag_share, word_share = _theme_shares(posts, event)
        slots, has_own_tag = self._tag_slots(rng, posts, theme, tag_share)
        accounts, mentions = self._mention_slots(rng, posts)
        # a post without the tracker's tag must hold another of its terms
        has_account = accounts >= 0
        needs = ~has_own_tag & ~has_account
        keyword = self._keyword_of[tracker]
        lost = needs & (keyword < 0)
        slots[lost, 0] = self._tracker_tags[tracker[lost], 0]
        says_keyword = needs | (rng.random(count) < KEYWORD_SHARE)
        english = posts.language < 0
        group = np.where(english, posts.tone, self._foreign_from + posts.language)
        says_phrase = english & (rng.random(count) < PHRASE_SHARE)
        says_theme = english & (rng.random(count) < word_share) & (theme >= 0)
        hashtags = string_lists(self._tags, slots)
        handles = string_lists(self._handles, np.column_stack([mentions, accounts]))
        captions = pc.binary_join_element_wise(
            taken(self._openers.texts, self._openers.draw(rng, group)),
            taken(
                self._phrases,
                np.where(says_phrase, garment * len(COLOURS) + colour, -1),
            ),
            taken(self._keywords, np.where(says_keyword, keyword, -1)),
            taken(self._themes, np.where(says_theme, theme, -1)),
            taken(self._closers.texts, self._closers.draw(rng, group)),
            _marked(handles, " @"),
            _marked(hashtags, " #"),
            "",
            null_handling="skip",
        )
        return Written(captions, hashtags, handles)

    def write_comments(
        self, rng: np.random.Generator, tone: Ints, language: Ints, topic: Ints
    ) -> pa.Array:
        """Write comments; those about a dip's topic name its words."""
        english = language < 0
        group = np.where(english, tone, self._foreign_from + language)
        return pc.binary_join_element_wise(
            taken(self._comments.texts, self._comments.draw(rng, group)),
            taken(self._complaints, np.where(english, topic, -1)),
            "",
            null_handling="skip",
        )

    def _events(self, day: date, place: Ints) -> Ints:
        """Return the event that is on in each post's city this week, −1 for none."""
        event = np.full(len(place), -1, dtype=np.int64)
        for number, planted in enumerate(self.plan.truth.events):
            if any(0 <= (day - monday).days < 7 for monday in planted.weeks):
                event[place == self.plan.truth.cities.index(planted.city)] = number
        return event

    def _theme(self, posts: Posts, event: Ints) -> Ints:
        """Return the position of each post's theme among those of the truth."""
        truth = self.plan.truth
        dips_from = len(truth.peaks)
        events_from = dips_from + len(truth.dips)
        theme = np.where(event >= 0, events_from + event, -1)
        theme = np.where(posts.topic >= 0, dips_from + posts.topic, theme)
        return np.where(posts.counted.peak >= 0, posts.counted.peak, theme)

    def _tag_slots(
        self, rng: np.random.Generator, posts: Posts, theme: Ints, tag_share: Ints
    ) -> tuple[Ints, Bools]:
        count, tracker = len(posts), posts.counted.tracker
        slots = np.full((count, 6), -1, dtype=np.int64)
        draw = rng.random(count)
        has_own = draw < MAIN_TAG_SHARE + OTHER_TAG_SHARE
        which = (draw >= MAIN_TAG_SHARE).astype(np.int64)
        slots[:, 0] = np.where(has_own, self._tracker_tags[tracker, which], -1)
        second = posts.second_tracker
        slots[:, 1] = np.where(second >= 0, self._tracker_tags[second, 0], -1)
        slots[:, 2] = np.where(posts.is_spam, self._spam_tags[tracker], -1)
        is_tagged = (theme >= 0) & (rng.random(count) < tag_share)
        slots[:, 3] = np.where(is_tagged, self._theme_tags_from + theme, -1)
        for slot, start, size, share in (
            (4, self._first_from, len(TAGS_FIRST), FIRST_FILLER_SHARE),
            (5, self._second_from, len(TAGS_SECOND), SECOND_FILLER_SHARE),
        ):
            # low positions are drawn more often: a few tags are on many posts
            drawn = start + (rng.random(count) ** 2 * size).astype(np.int64)
            slots[:, slot] = np.where(rng.random(count) < share, drawn, -1)
        return slots, has_own

    def _mention_slots(
        self, rng: np.random.Generator, posts: Posts
    ) -> tuple[Ints, Ints]:
        count = len(posts)
        targets = self.plan.authors.targets
        drawn = targets[posts.author, rng.integers(0, targets.shape[1], count)]
        mention = np.where(rng.random(count) < MENTION_SHARE, drawn, -1)
        draw = rng.random(count)
        for number, peak in enumerate(self.plan.truth.peaks):
            drivers = np.array(self.plan.drivers.of_peak[peak.name], dtype=np.int64)
            mine = np.flatnonzero(
                (posts.counted.peak == number) & (draw < DRIVER_MENTION_SHARE)
            )
            if len(drivers) and len(mine):
                mention[mine] = rng.choice(drivers, len(mine))
        mention[mention == posts.author] = -1
        account = self._accounts[posts.counted.tracker]
        says_account = rng.random(count) < ACCOUNT_SHARE
        return np.where(says_account, account, -1), mention


def _theme_shares(posts: Posts, event: Ints) -> tuple[Ints, Ints]:
    """Return how likely a post's theme shows as a tag, and in words."""
    tag = np.where(event >= 0, EVENT_TAG_SHARE, 0.0)
    word = np.where(event >= 0, EVENT_WORDS_SHARE, 0.0)
    is_topic, is_peak = posts.topic >= 0, posts.counted.peak >= 0
    tag = np.where(is_topic, TOPIC_TAG_SHARE, tag)
    word = np.where(is_topic, TOPIC_WORDS_SHARE, word)
    tag = np.where(is_peak, THEME_TAG_SHARE, tag)
    word = np.where(is_peak, THEME_WORDS_SHARE, word)
    return tag, word


def _marked(lists: pa.Array, mark: str) -> pa.Array:
    """Join lists into " #a #b"; empty ones give empty text."""
    joined = pc.binary_join(lists, mark)
    is_used = pc.greater(pc.list_value_length(lists), 0)
    return pc.if_else(is_used, pc.binary_join_element_wise(mark, joined, ""), "")


def _phrases() -> list[str]:
    """Return " in a red skirt" for each garment and colour, garments slowest."""
    phrases = []
    for garment, word in zip(GARMENTS, GARMENT_WORDS, strict=True):
        for colour in COLOUR_WORDS:
            article = "an " if colour[0] in "aeiou" else "a "
            article = "" if garment in _PLURAL else article
            before = "with" if garment in _WITH else "in"
            phrases.append(f" {before} {article}{colour} {word}")
    return phrases
