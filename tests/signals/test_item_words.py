"""Words of items are counted by who uses them, and each text is read once."""

import random
from collections import defaultdict

import polars as pl

from trendlab.signals.item_words import ItemWords

SCHEMA = {
    "posted_on": pl.Int32,
    "source": pl.String,
    "item_id": pl.String,
    "author_id": pl.String,
    "text": pl.String,
    "hashtags": pl.List(pl.String),
}


def frame(*items):
    return pl.DataFrame(list(items), SCHEMA, orient="row")


def counted(words, items):
    rows = words.count_users(items).rows()
    assert len({row[:2] for row in rows}) == len(rows)
    return {(kind, term): users for kind, term, users in rows}


def test_users_equal_those_counted_by_hand():
    draw = random.Random(4)
    items = [
        (
            draw.choice([1, 2]),
            draw.choice("st"),
            str(number),
            draw.choice([None, "a", "b", "c"]),
            draw.choice([None, "", " ".join(draw.choices("uvwxyz", k=5))]),
            draw.choice([None, [], draw.choices("wx", k=2)]),
        )
        for number in range(300)
    ]
    users = defaultdict(set)
    for on, source, item_id, author, text, tags in items:
        one = (source, author) if author is not None else (source, "alone", item_id)
        who = (on, *one)
        for word in (text or "").split():
            users["word", word].add(who)
        for tag in tags or []:
            users["hashtag", tag].add(who)
    assert counted(ItemWords(str.split), frame(*items)) == {
        term: len(who) for term, who in users.items()
    }


def test_a_text_is_read_once_and_counts_in_each_event_that_holds_it():
    read = []

    def tokenize(text):
        read.append(text)
        return text.split()

    words = ItemWords(tokenize)
    first = (1, "s", "1", "a", "coat", [])
    second = (1, "s", "2", "b", "coat scarf", [])
    assert counted(words, frame(first)) == {("word", "coat"): 1}
    both = counted(words, frame(first, second))
    assert both == {("word", "coat"): 2, ("word", "scarf"): 1}
    # what other events hold is no part of this one
    assert counted(words, frame(first)) == {("word", "coat"): 1}
    assert read == ["coat", "coat scarf"]


def test_nothing_gives_typed_nothing():
    found = ItemWords(str.split).count_users(frame())
    assert found.height == 0
    assert found.columns == ["term_kind", "term", "users"]
