from __future__ import annotations

from datetime import date

import pyarrow as pa
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from tests.text import shared
from trendlab.schemas import TABLES
from trendlab.text.sentiment import lexicon_words, score_texts

DAY = date(2026, 1, 5)
ITEMS = pa.schema(
    [
        ("source", pa.string()),
        ("item_kind", pa.string()),
        ("item_id", pa.string()),
        ("post_id", pa.string()),
        ("text", pa.string()),
        ("language_given", pa.string()),
    ]
)


def items(*texts: str | None, given: str | None = None, kind: str = "post") -> pa.Table:
    rows = [
        {
            "source": "test",
            "item_kind": kind,
            "item_id": f"i{n}",
            "post_id": f"i{n}",
            "text": text,
            "language_given": given,
        }
        for n, text in enumerate(texts)
    ]
    return pa.Table.from_pylist(rows, schema=ITEMS)


def scored(*texts: str | None, given: str | None = None) -> list[dict[str, object]]:
    return score_texts(items(*texts, given=given), day=DAY, run_id="r").to_pylist()


def test_good_and_bad_english_gets_its_label() -> None:
    good, bad, flat = scored(
        "I love this dress, it is so beautiful!",
        "This is the worst quality and I am really disappointed",
        "The shop is on the corner of the street",
    )
    assert (good["label"], bad["label"], flat["label"]) == (
        "positive",
        "negative",
        "neutral",
    )
    package = SentimentIntensityAnalyzer()
    text = "I love this dress, it is so beautiful!"
    assert good["compound"] == package.polarity_scores(text)["compound"]
    assert good["is_scored"] is True


def test_what_is_not_english_is_not_scored() -> None:
    (row,) = scored("Die Qualität ist wirklich schlecht und ich bin enttäuscht")
    assert row["language"] == "de"
    assert row["is_scored"] is False
    assert row["compound"] is None
    assert row["label"] is None


def test_a_text_without_words_is_not_scored_whatever_language_is_given() -> None:
    for row in scored("😍😍", "", None, "@zara #love https://t.co/x", given="en"):
        assert row["is_scored"] is False
        assert row["language"] == "und"


def test_a_short_text_is_scored_only_where_its_language_is_given() -> None:
    (untold,) = scored("Chanel 😁")
    (told,) = scored("Chanel 😁", given="en")
    assert untold["is_scored"] is False
    assert told["is_scored"] is True
    assert told["label"] == "positive"


def test_rows_have_the_declared_schema_sorted_by_key() -> None:
    table = score_texts(
        pa.concat_tables(
            [items("so what is this about", "b"), items("c", kind="comment")]
        ),
        day=DAY,
        run_id="r",
    )
    assert table.schema == TABLES["sentiment"].arrow
    assert table["item_kind"].to_pylist() == ["comment", "post", "post"]
    assert table["day"].to_pylist() == [DAY] * 3


def test_equal_inputs_in_any_order_give_equal_rows() -> None:
    forth = items("I love it so much", "what a mess this is", "ok")
    back = forth.take([2, 0, 1])
    assert score_texts(forth, day=DAY, run_id="r").equals(
        score_texts(back, day=DAY, run_id="r")
    )


def test_nothing_in_gives_a_typed_nothing() -> None:
    table = score_texts(ITEMS.empty_table(), day=DAY, run_id="r")
    assert table.equals(TABLES["sentiment"].empty())


def test_words_of_the_lexicon_are_moods_not_topics() -> None:
    words = lexicon_words()
    assert {"love", "terrible", ":)"} <= words
    assert not {"advent", "calendar", "dress", "very"} & words


def test_most_real_brand_tweets_are_scored() -> None:
    texts = shared.brand_tweets()[::20]
    table = score_texts(items(*texts), day=DAY, run_id="r")
    share = sum(table["is_scored"].to_pylist()) / len(texts)
    assert 0.85 < share < 0.98
