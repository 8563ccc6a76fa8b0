"""Comments copied under many posts are told from what anybody writes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl

from tests.signals.authors import SUNDAY, post, rank, rows_of, tables_of
from trendlab.signals.copied_comments import count_copied, flag_copied, text_key

BOUGHT = "Absolutely obsessed with this whole look, keep inspiring us"


def key_of(text: str) -> int | None:
    return pl.DataFrame({"text": [text]}).select(text_key("text")).item()


def comment(number: int, under: str, writer: str | None, text: str) -> dict[str, Any]:
    return {
        "day": SUNDAY,
        "source": "net",
        "comment_id": f"c{number}",
        "post_id": under,
        "author_id": writer,
        "text": text,
    }


def test_marks_case_mentions_and_emoji_do_not_make_a_text_another() -> None:
    same = (
        BOUGHT,
        BOUGHT.upper() + " 😍😍",
        f"@ana_9 {BOUGHT}!!! #ootd https://example.org/1",
        # full-width letters
        "".join(chr(ord(c) + 0xFEE0) if c.isalpha() else c for c in BOUGHT),
    )
    assert {key_of(text) for text in same} == {key_of(BOUGHT)}
    assert key_of(BOUGHT + " again") != key_of(BOUGHT)


def test_what_anybody_writes_is_too_short_to_be_copied() -> None:
    for text in ("", "Love it", "I love this so much", "😍" * 40, "so so so so so"):
        assert key_of(text) is None
    # one long word is no sentence
    assert key_of("wow" * 20) is None


def test_a_text_counts_as_copied_from_three_writers_and_three_posts() -> None:
    posts = pl.DataFrame(
        {
            "source": "net",
            "post_id": [f"p{n}" for n in range(6)],
            "author": pl.Series([0, 0, 0, 1, 1, 1], dtype=pl.UInt32),
            "author_id": ["a", "a", "a", "b", "b", "b"],
        }
    )
    comments = pl.DataFrame(
        {
            "source": "net",
            # key 1: three writers, three posts; 2: two writers; 3: two posts;
            # then short ones, one of the author and one of nobody known
            "post_id": [
                "p0",
                "p1",
                "p2",
                "p3",
                "p4",
                "p5",
                "p3",
                "p4",
                "p4",
                "p0",
                "p0",
            ],
            "writer": ["x", "y", "z", "x", "y", "y", "x", "y", "z", "a", None],
            "key": pl.Series([1, 1, 1, 2, 2, 2, 3, 3, 3, 1, 1], dtype=pl.UInt64),
        }
    )

    counted = count_copied(comments, posts)

    assert counted.rows() == [(0, 3, 3), (1, 6, 0)]


def counts(*rows: tuple[int, int, int]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema=["author", "got_count", "copied_count"], orient="row"
    )


def test_most_of_many_comments_must_be_copied_and_more_than_is_usual() -> None:
    crowd = [(n, 20, 1) for n in range(100, 200)]

    found = flag_copied(counts((1, 20, 15), (2, 4, 4), (3, 40, 12), *crowd))

    # 2 has too few of them, of 3 fewer than half are copied
    assert found["author"].to_list() == [1]
    # where half of everybody's are, fifteen of twenty are no surprise
    alike = [(n, 20, 11) for n in range(100, 200)]
    assert flag_copied(counts((1, 20, 15), *alike))["author"].to_list() == []


def test_nobody_and_one_author_are_not_flagged() -> None:
    nobody = counts().cast({"got_count": pl.Int64, "copied_count": pl.Int64})
    assert flag_copied(nobody).height == 0
    assert flag_copied(counts((1, 9, 9))).height == 0


def test_the_flag_and_the_share_stand_with_the_ranked_author() -> None:
    posts = [
        post(author, SUNDAY, n) for author in ("bought", "plain") for n in range(4)
    ]
    posts.append(post("old", SUNDAY - timedelta(days=5)))
    comments = [
        comment(n, f"bought-{SUNDAY}-{n % 4}", f"w{n % 5}", BOUGHT) for n in range(12)
    ]
    comments += [
        comment(100 + n, f"plain-{SUNDAY}-{n % 4}", f"v{n}", f"My words {n} are my own")
        for n in range(40)
    ]

    rows = {
        row["author_id"]: row
        for row in rows_of(rank(tables_of(posts, comments=comments)))
    }

    told = {name: (r["flags"], r["copied_comments_share"]) for name, r in rows.items()}
    assert told == {
        "bought": ("copied_comments", 1.0), "plain": ("", 0.0), "old": ("", None),
    }  # fmt: skip
