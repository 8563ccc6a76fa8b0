"""Which posts an exclusion rule drops, and a preview of what rules would do.

What a rule lists is held against what a post has, kind by kind:

========== =================================== ==================================
kind       `drop_if_any`                       `drop_if_only`
========== =================================== ==================================
users      author or a mentioned user listed   author and all mentioned are listed
hashtags   a hashtag is listed                 all of its hashtags are listed
expressions an expression is found             nothing is left without the matches
languages  the language is listed              the language is listed
========== =================================== ==================================

A rule with several kinds drops when any kind says so (`drop_if_any`), or when
all of them do (`drop_if_only`). A post without hashtags or users has none that
are listed. Rules are applied when a table is built; nothing is deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
import pyarrow as pa

from trendlab.trackers.facts import Facts, Rows
from trendlab.trackers.model import Exclusion, Tracker

_FIRST_DAY = date(1990, 1, 1)
_LAST_DAY = date(2100, 12, 31)


def dropped_by(rule: Exclusion, facts: Facts, time_zone: str) -> Rows:
    """Return a mask of the posts that a rule drops on the days it is valid."""
    kinds = []
    if rule.users:
        kinds.append(_users(rule, facts))
    if rule.hashtags:
        kinds.append(_hashtags(rule, facts))
    if rule.expressions:
        kinds.append(_expressions(rule, facts))
    if rule.languages:
        kinds.append(_languages(rule, facts))
    combine = np.logical_or if rule.mode == "drop_if_any" else np.logical_and
    dropped: Rows = combine.reduce(kinds)
    if rule.valid_from is not None or rule.valid_to is not None:
        first = rule.valid_from if rule.valid_from is not None else _FIRST_DAY
        last = rule.valid_to if rule.valid_to is not None else _LAST_DAY
        dropped &= facts.within(first, last, time_zone)
    return dropped


def first_dropping(tracker: Tracker, facts: Facts) -> Rows:
    """Return the position of the first rule that drops each post, -1 for none."""
    first = np.full(facts.count, -1, dtype=np.int64)
    for position, rule in enumerate(tracker.exclusions):
        dropped = dropped_by(rule, facts, tracker.time_zone)
        first[dropped & (first < 0)] = position
    return first


def _any_row(rows: Rows, count: int) -> Rows:
    mask = np.zeros(count, dtype=bool)
    mask[rows] = True
    return mask


def _users(rule: Exclusion, facts: Facts) -> Rows:
    by_author = _any_row(facts.author_hits(rule.users)[0], facts.count)
    mentioned_rows = facts.mention_hits(rule.users)[0]
    if rule.mode == "drop_if_any":
        return by_author | _any_row(mentioned_rows, facts.count)
    listed = np.bincount(mentioned_rows, minlength=facts.count) + by_author
    return np.asarray((listed > 0) & (listed == facts.user_counts()))


def _hashtags(rule: Exclusion, facts: Facts) -> Rows:
    rows = facts.tag_hits(rule.hashtags)[0]
    if rule.mode == "drop_if_any":
        return _any_row(rows, facts.count)
    listed = np.bincount(rows, minlength=facts.count)
    return np.asarray((listed > 0) & (listed == facts.tag_counts()))


def _expressions(rule: Exclusion, facts: Facts) -> Rows:
    captions = facts.caption_series
    if rule.mode == "drop_if_any":
        found = np.zeros(facts.count, dtype=bool)
        for expression in rule.expressions:
            found |= captions.str.contains(f"(?i){expression}").to_numpy()
        return found
    rest = captions
    for expression in rule.expressions:
        rest = rest.str.replace_all(f"(?i){expression}", " ")
    # punctuation and spaces are nothing; letters, digits and emoji are something
    left = rest.str.contains(r"[^\s\p{P}\p{M}\p{C}]").to_numpy()
    had = captions.str.contains(r"[^\s\p{P}\p{M}\p{C}]").to_numpy()
    return np.asarray(had & ~left, dtype=bool)


def _languages(rule: Exclusion, facts: Facts) -> Rows:
    if facts.languages is None:
        raise ValueError(
            f"rule {rule.label!r} lists languages: match_posts needs `languages`"
        )
    given = pl.Series(facts.languages, dtype=pl.String)
    return np.asarray(given.is_in(list(rule.languages)).fill_null(False).to_numpy())


@dataclass(frozen=True)
class RulePreview:
    """What one rule would do to the posts of a tracker.

    Parameters
    ----------
    rule : str
        The rule's label.
    reason : str
    mode : str
    dropped_count : int
        Posts that the rule drops.
    dropped_share : float
        The same as a share of the tracker's posts.
    only_count : int
        Posts that no other rule drops.
    examples : tuple of (str, str)
        Up to 5 dropped posts, newest first, as (source, post_id).
    """

    rule: str
    reason: str
    mode: str
    dropped_count: int
    dropped_share: float
    only_count: int
    examples: tuple[tuple[str, str], ...]


# Enough to see what kind of post is dropped.
PREVIEW_EXAMPLES = 5


def preview_exclusions(
    posts: pa.Table,
    tracker: Tracker,
    *,
    languages: list[str] | None = None,
) -> list[RulePreview]:
    """Show what each rule would drop from the posts of a tracker.

    Parameters
    ----------
    posts : pa.Table
        Posts of any days; those that are not the tracker's are passed over.
    tracker : Tracker
        With the rules to try.
    languages : list of str or None
        ISO 639-1 code of each post; needed where a rule lists languages.

    Returns
    -------
    list of RulePreview
        In the order of the rules.
    """
    from trendlab.trackers.match import term_rows, told_rows

    facts = Facts(posts, languages)
    belongs = told_rows(term_rows(tracker, facts), facts)[0] >= 0
    masks = [
        dropped_by(rule, facts, tracker.time_zone) & belongs
        for rule in tracker.exclusions
    ]
    how_many = np.sum(masks, axis=0) if masks else np.zeros(facts.count)
    total = int(belongs.sum())
    newest = np.argsort(-facts.created_us, kind="stable")
    previews = []
    for rule, mask in zip(tracker.exclusions, masks, strict=True):
        shown = newest[mask[newest]][:PREVIEW_EXAMPLES]
        examples = facts.posts.select(["source", "post_id"]).take(pa.array(shown))
        previews.append(
            RulePreview(
                rule=rule.label,
                reason=rule.reason,
                mode=rule.mode,
                dropped_count=int(mask.sum()),
                dropped_share=float(mask.sum() / total) if total else 0.0,
                only_count=int((mask & (how_many == 1)).sum()),
                examples=tuple(
                    (row["source"], row["post_id"]) for row in examples.to_pylist()
                ),
            )
        )
    return previews
