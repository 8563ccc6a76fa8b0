from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.builders import table
from trendlab.trackers import Exclusion, Tracker, preview_exclusions
from trendlab.trackers.exclusions import dropped_by
from trendlab.trackers.facts import Facts

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def drops(rule: Exclusion, languages: list[str] | None = None, **post: Any) -> bool:
    given = {"created_at": NOON, "author_id": None, "author_handle": None, **post}
    facts = Facts(table("posts", [given]), languages)
    return bool(dropped_by(rule, facts, "UTC")[0])


def test_a_user_is_dropped_as_author_and_as_mentioned():
    rule = Exclusion(reason="shop", users=["@Poshmark"])

    assert drops(rule, author_handle="poshmark")
    assert drops(rule, mentions=["poshmark", "ana"])
    assert not drops(rule, author_handle="ana")


def test_drop_if_only_users_wants_every_user_listed():
    rule = Exclusion(reason="shop", users=["poshmark", "ebay"], mode="drop_if_only")

    assert drops(rule, author_handle="poshmark", mentions=["ebay"])
    assert not drops(rule, author_handle="poshmark", mentions=["ana"])
    assert not drops(rule)


def test_drop_if_only_hashtags_wants_every_hashtag_listed():
    rule = Exclusion(reason="ads", hashtags=["ad", "sale"], mode="drop_if_only")

    assert drops(rule, hashtags=["ad", "sale"])
    assert not drops(rule, hashtags=["ad", "ootd"])
    assert not drops(rule, hashtags=[])


def test_drop_if_any_hashtag_wants_one():
    rule = Exclusion(reason="ads", hashtags=["#Ad"])

    assert drops(rule, hashtags=["ad", "ootd"])
    assert not drops(rule, hashtags=["adidas"])


def test_an_expression_is_searched_in_the_folded_caption():
    rule = Exclusion(reason="spam", expressions=[r"\bclick (the )?link\b"])

    assert drops(rule, caption="CLICK  the\nＬＩＮＫ in bio")
    assert not drops(rule, caption="a clicking linkage")
    assert not drops(rule, caption=None)


def test_drop_if_only_expression_wants_nothing_else_in_the_caption():
    rule = Exclusion(reason="bot", expressions=["good morning"], mode="drop_if_only")

    assert drops(rule, caption="Good morning! Good morning…")
    assert not drops(rule, caption="Good morning, new coat")
    assert not drops(rule, caption="Good morning 😍")
    assert not drops(rule, caption="!!!")


def test_a_language_is_dropped():
    rule = Exclusion(reason="not ours", languages=["DE"])

    assert drops(rule, ["de"])
    assert not drops(rule, ["en"])


def test_a_language_rule_without_languages_says_what_it_needs():
    with pytest.raises(ValueError, match="needs `languages`"):
        drops(Exclusion(reason="x", languages=["de"]))


def test_several_kinds_drop_if_any_says_so_or_only_if_all_do():
    either = Exclusion(reason="x", users=["shop"], hashtags=["ad"])
    both = Exclusion(reason="x", users=["shop"], hashtags=["ad"], mode="drop_if_only")

    assert drops(either, author_handle="shop")
    assert not drops(both, author_handle="shop")
    assert drops(both, author_handle="shop", hashtags=["ad"])


def test_a_rule_holds_on_its_local_days_only():
    rule = Exclusion(
        reason="x",
        hashtags=["ad"],
        valid_from=date(2026, 1, 5),
        valid_to=date(2026, 1, 5),
    )
    posts = table(
        "posts",
        [
            {
                "hashtags": ["ad"],
                "created_at": datetime(2026, 1, day, 23, 30, tzinfo=UTC),
            }
            for day in (3, 4, 5)
        ],
    )

    assert dropped_by(rule, Facts(posts), "UTC").tolist() == [False, False, True]
    # half past eleven at night in UTC is the next day in Paris
    assert dropped_by(rule, Facts(posts), "Europe/Paris").tolist() == [
        False,
        True,
        False,
    ]


def test_a_pattern_that_explodes_elsewhere_takes_no_time():
    rule = Exclusion(reason="x", expressions=[r"^(a+)+$"])

    # one that backtracks would still be at it when the test's time is up
    assert not drops(rule, caption="a" * 50_000 + "!")


def test_the_preview_counts_what_each_rule_and_it_alone_drops():
    posts = table(
        "posts",
        [
            {
                "post_id": "a",
                "hashtags": ["x", "ad"],
                "caption": "buy",
                "created_at": NOON,
            },
            {"post_id": "b", "hashtags": ["x", "ad"], "created_at": NOON},
            {"post_id": "c", "hashtags": ["x"], "created_at": NOON},
            {"post_id": "other", "hashtags": ["ad"], "created_at": NOON},
        ],
    )
    tracker = Tracker(
        name="t",
        hashtags=["x"],
        exclusions=[
            Exclusion(reason="adverts", hashtags=["ad"]),
            Exclusion(reason="selling", name="sell", expressions=["^buy$"]),
        ],
    )

    adverts, selling = preview_exclusions(posts, tracker)

    assert (adverts.rule, adverts.dropped_count, adverts.only_count) == (
        "adverts",
        2,
        1,
    )
    assert adverts.dropped_share == pytest.approx(2 / 3)
    assert adverts.examples == (("test", "a"), ("test", "b"))
    assert (selling.rule, selling.dropped_count, selling.only_count) == ("sell", 1, 0)


def test_the_preview_counts_a_post_of_two_files_once():
    posts = table(
        "posts",
        [
            {"source": source, "post_id": "both", "hashtags": ["coat", "ad"]}
            for source in ("tweets__x", "tweets__y")
        ],
    )
    tracker = Tracker(
        name="x",
        hashtags=["coat"],
        exclusions=[Exclusion(reason="spam", hashtags=["ad"])],
    )

    (spam,) = preview_exclusions(posts, tracker)

    assert (spam.dropped_count, spam.dropped_share, spam.only_count) == (1, 1.0, 1)
    assert spam.examples == (("tweets__x", "both"),)


def test_the_preview_of_no_posts_is_all_zeros():
    tracker = Tracker(
        name="t", hashtags=["x"], exclusions=[Exclusion(reason="r", hashtags=["ad"])]
    )

    preview = preview_exclusions(table("posts"), tracker)[0]

    assert (preview.dropped_count, preview.dropped_share) == (0, 0.0)
