"""Who passes the door: everybody but those who were forgotten."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from trendlab.privacy import Author, Forgotten, KeyedHash, tombstone_rows
from trendlab.privacy.pseudonyms import Pseudonyms
from trendlab.sources.base import Accepted, Refused
from trendlab.steps.door import Door

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
KEYED = KeyedHash(b"k" * 32, "tombstone")
NAMES = Pseudonyms(b"p" * 32)


def forgotten(author: Author, *, is_id_known: bool = True) -> Forgotten:
    rows = tombstone_rows(KEYED, author, moment=NOON, is_id_known=is_id_known)
    return Forgotten(KEYED, rows, author.source)


ANA = Author("reddit", frozenset({"17"}), frozenset({"ana"}))
# the same author in a home that keeps pseudonyms
HIDDEN = Author(
    "reddit", frozenset({NAMES.of_id("17")}), frozenset({NAMES.of_handle("ana")})
)


def post(author_id: str | None, handle: str | None, **more: Any) -> Accepted:
    row = {"post_id": "1", "author_id": author_id, "author_handle": handle, **more}
    return Accepted((("posts", row),), 1, {"user": handle, "id": author_id, **more})


def is_let_in(door: Door, record: Accepted) -> bool:
    (passed,) = door.admit([record])
    return not isinstance(passed, Refused)


@pytest.mark.parametrize(
    "door",
    [Door(forgotten(ANA)), Door(forgotten(HIDDEN), NAMES)],
    ids=["names", "pseudonyms"],
)
@pytest.mark.parametrize(
    ("author_id", "handle", "wanted"),
    [
        ("17", "ana", False),
        ("17", "new.name", False),
        ("17", None, False),
        (None, "ana", False),
        ("99", "ana", True),
        ("99", None, True),
        (None, "ben", True),
        # a source without ids repeats the handle: that tells nobody apart
        ("ana", "ana", False),
    ],
)
def test_an_id_decides_where_it_is_known(door, author_id, handle, wanted):
    assert is_let_in(door, post(author_id, handle)) is wanted


@pytest.mark.parametrize("source", ["instagram", "photos", "a_mapped_file"])
def test_an_id_of_another_kind_tells_nobody_apart(source):
    # forgotten as an archive knows her; the API has a number of its own for her
    ana = Author(source, frozenset({"2187654"}), frozenset({"ana"}))
    door = Door(forgotten(ana))

    assert not is_let_in(door, post("17841400000000001", "ana"))
    assert is_let_in(door, post("17841400000000001", "ben"))


def test_a_handle_alone_bars_everybody_who_has_it():
    door = Door(forgotten(Author("reddit", handles=ANA.handles), is_id_known=False))

    assert not is_let_in(door, post("99", "ana"))
    assert is_let_in(door, post("99", "ben"))


@pytest.mark.parametrize(
    "door",
    [Door(forgotten(ANA)), Door(forgotten(HIDDEN), NAMES)],
    ids=["names", "pseudonyms"],
)
def test_who_has_the_handle_now_may_repeat_others(door):
    repost = post("99", "ana", is_repost=True, caption="a coat")
    of_ana = post("99", "ben", is_repost=True, caption="by ana: a coat")
    by_id = post("99", "ana", is_repost=True, repost_user="17")

    assert is_let_in(door, repost)
    assert not is_let_in(door, of_ana)
    assert not is_let_in(door, by_id)


def test_a_profile_is_let_in_by_the_same_rule():
    def profile(author_id: str) -> Accepted:
        row = {"author_id": author_id, "handle": "ana", "observed_at": NOON}
        return Accepted((("authors", row),), 1, row)

    door = Door(forgotten(ANA))

    assert is_let_in(door, profile("99"))
    assert not is_let_in(door, profile("17"))


def test_the_description_of_a_photo_loses_who_was_forgotten():
    rows = (
        ("posts", {"post_id": "1", "caption": "a coat"}),
        ("media", {"post_id": "1", "alt_text": "with @ana and @ben"}),
    )

    (passed,) = Door(forgotten(ANA)).admit([Accepted(rows, 1, {})])

    assert isinstance(passed, Accepted)
    assert passed.rows[1][1]["alt_text"] == "with @[forgotten] and @ben"


OLD = NOON - timedelta(days=20)
READ = {"author_id": "17", "handle": "ana", "observed_at": OLD}


@pytest.mark.parametrize(
    ("first_kept", "wanted"),
    [
        ({}, ["posts", "media", "authors"]),
        ({"posts": NOON.date()}, ["posts", "media", "authors"]),
        ({"media": date(2026, 1, 6)}, ["posts", "authors"]),
        ({"authors": date(2025, 12, 17)}, ["posts", "media"]),
        ({"authors": OLD.date()}, ["posts", "media", "authors"]),
        ({"posts": date(2026, 1, 6)}, []),
    ],
)
def test_each_row_of_a_record_is_held_against_its_own_period(first_kept, wanted):
    rows = (
        ("posts", {"post_id": "1", "created_at": NOON}),
        # without a moment of its own: photos lie under the day of their post
        ("media", {"post_id": "1", "media_index": 0}),
        ("authors", READ),
    )

    (passed,) = Door(first_kept=first_kept).admit([Accepted(rows, 1, {})])

    if isinstance(passed, Refused):
        assert (passed.reason, passed.record, wanted) == ("older than is kept", "", [])
    else:
        assert [table for table, _ in passed.rows] == wanted


def test_a_row_without_a_moment_is_left_to_the_check_of_rows():
    record = Accepted((("posts", {"post_id": "1", "created_at": "soon"}),), 1, {})

    assert list(Door(first_kept={"posts": NOON.date()}).admit([record])) == [record]
