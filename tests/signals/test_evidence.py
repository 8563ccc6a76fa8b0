"""Evidence names what was planted: words, authors, cities, the worst posts."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from tests.signals.event_worlds import gather
from tests.signals.worlds import activity_rows, day, term_row
from trendlab.schemas import TABLES
from trendlab.signals import event_items
from trendlab.signals.event_texts import LABEL_LENGTH
from trendlab.signals.evidence import explain_dips, explain_peaks
from trendlab.steps.event_inputs import event_days

EVENT = day(40)
NO_HOMES = (
    TABLES["author_homes"]
    .empty()
    .select(["day", "source", "author_id", "home_city", "home_source"])
)
AT = datetime.combine(EVENT, datetime.min.time(), UTC)


def post(number, text, *, author, likes=1, hashtags=(), negative=False, city="paris"):
    post_id = f"p{number:03d}"
    base = {"day": EVENT, "source": "mastodon", "post_id": post_id}
    return {
        "posts": {
            **base,
            "created_at": AT,
            "author_id": author,
            "author_handle": f"h_{author}",
            "caption": text,
            "hashtags": list(hashtags),
            "mentions": [],
            "url": f"https://example.org/{post_id}",
            "media_kind": "none",
            "media_count": 0,
            "likes_count": likes,
            "is_repost": False,
            "observed_at": AT + timedelta(days=2),
        },
        "tracker_posts": {
            **base,
            "tracker": "shoes",
            "created_at": AT,
            "author_id": author,
            "city": city,
            "city_source": "none",
            "city_confidence": 0.0,
            "matched_by": "#shoes",
            "is_excluded": False,
            "run_id": "run",
        },
        "sentiment": {
            **base,
            "item_kind": "post",
            "item_id": post_id,
            "language": "en",
            "language_confidence": 1.0,
            "is_scored": True,
            "compound": -0.8 if negative else 0.2,
            "label": "negative" if negative else "positive",
            "model_name": "vader",
            "model_version": "1",
            "run_id": "run",
        },
        "garments": {
            **base,
            "media_index": 0,
            "garment_index": 0,
            "look_index": 0,
            "category_id": 0,
            "category": "boots",
            "score": 0.9,
            "x_px": 0.0,
            "y_px": 0.0,
            "width_px": 1.0,
            "height_px": 1.0,
            "image_width_px": 1,
            "image_height_px": 1,
            "model_name": "m",
            "model_version": "1",
            "run_id": "run",
        },
    }


def tables():
    """Give the tables of a tracker with a strike on the day of its events."""
    made = [
        post(i, "lovely shoes", author=f"a{i}", hashtags=["ootd"]) for i in range(60)
    ]
    made += [
        post(
            100 + i,
            f"strike number{i} shame",
            author="star" if i < 15 else f"b{i}",
            likes=50 + i,
            hashtags=["strike"],
            negative=True,
            city="milan",
        )
        for i in range(40)
    ]
    built = {
        name: TABLES[name].from_rows([row[name] for row in made]) for name in made[0]
    }
    days = {("shoes", city): [60.0] * 41 for city in ("all", "paris")}
    days["shoes", "milan"] = [1.0] * 41
    terms = [
        term_row("shoes", day(i), word, 50, negatives=2)
        for i in range(41)
        for word in ("lovely", "shoes")
    ]
    terms += [
        {**term_row("shoes", day(i), "ootd", 55), "term_kind": "hashtag"}
        for i in range(41)
    ]
    terms += [
        term_row("shoes", EVENT, word, 40, negatives=40, authors=26)
        for word in ("strike", "shame")
    ]
    terms.append(
        {
            **term_row("shoes", EVENT, "strike", 40, negatives=40, authors=26),
            "term_kind": "hashtag",
        }
    )
    author_days = [
        {
            "day": day(i),
            "tracker": "shoes",
            "source": "mastodon",
            "author_id": "a1",
            "city": "paris",
            "posts_count": 1,
            "likes_known_count": 1,
            "likes_count": 1,
            "comments_count": 0,
            "negative_count": 0,
            "scored_count": 1,
            "run_id": "run",
        }
        for i in range(40)
    ]
    return {
        **built,
        "comments": TABLES["comments"].empty(),
        "term_days": TABLES["term_days"].from_rows(terms),
        "author_days": TABLES["author_days"].from_rows(author_days),
        "activity": activity_rows(days, negatives={k: [3] * 41 for k in days}),
    }


def world(changes=None, homes=None, city_names=None):
    """Give what explains a peak and dips of that day, with some tables changed."""
    return gather(
        event_days(peak(), pa.concat_tables([dip(), dip(item_kind="comment")])),
        tables() | (changes or {}),
        author_homes=NO_HOMES if homes is None else homes,
        city_names=city_names or {},
    )


def peak(**changes):
    row = {
        "day": EVENT,
        "peak_id": "peak1",
        "tracker": "shoes",
        "city": "all",
        "measure": "posts",
        "start_on": EVENT,
        "apex_on": EVENT,
        "end_on": EVENT,
        "value": 100.0,
        "baseline": 60.0,
        "ratio": 1.7,
        "z": 4.0,
        "excess": 40.0,
        "severity": 2,
        "is_cold_start": False,
        "rule_version": "r",
        "run_id": "run",
    }
    return TABLES["peaks"].from_rows([{**row, **changes}])


def dip(topic="", item_kind="post"):
    return TABLES["dips"].from_rows(
        [
            {
                "day": EVENT,
                "dip_id": "dip1",
                "tracker": "shoes",
                "city": "all",
                "topic": topic,
                "item_kind": item_kind,
                "start_on": EVENT,
                "apex_on": EVENT,
                "end_on": EVENT,
                "is_count_up": True,
                "is_share_up": True,
                "negative_count": 40,
                "scored_count": 100,
                "negative_authors_count": 26,
                "negative_share": 0.4,
                "baseline_share": 0.05,
                "lift": 8.0,
                "p_value": 1e-9,
                "overdispersion": 0.01,
                "severity": 5,
                "pooled_days": 1,
                "is_cold_start": False,
                "is_author_rule_assessable": True,
                "language_coverage": 1.0,
                "rule_version": "r",
                "run_id": "run",
            }
        ]
    )


def named(evidence, kind):
    rows = [row for row in evidence.to_pylist() if row["evidence_kind"] == kind]
    return [row["item"] for row in sorted(rows, key=lambda row: row["rank"])]


def test_a_peak_names_its_words_author_city_and_most_liked_post():
    evidence = explain_peaks(peak(), world(), run_ids={EVENT: "run"}).evidence
    assert set(named(evidence, "word")) == {"strike", "shame"}
    assert named(evidence, "hashtag")[0] == "strike"
    assert named(evidence, "author") == ["mastodon:star"]
    assert named(evidence, "city") == ["milan"]
    assert named(evidence, "post")[0] == "p139"
    assert named(evidence, "garment") == []  # no earlier garments to compare with


def test_a_peak_of_one_city_reads_that_city_only():
    evidence = explain_peaks(
        peak(city="paris"), world(), run_ids={EVENT: "run"}
    ).evidence
    assert named(evidence, "author") == []
    assert all(item < "p100" for item in named(evidence, "post"))


@pytest.mark.parametrize("topic", ["", "strike shame"])
def test_a_dip_shows_negative_posts_only(topic):
    evidence = explain_dips(dip(topic), world(), run_ids={EVENT: "run"}).evidence
    assert named(evidence, "post")[0] == "p139"
    assert all(item >= "p100" for item in named(evidence, "post"))
    assert "strike" in named(evidence, "word")
    assert named(evidence, "author")[0] == "mastodon:star"
    share = next(r for r in evidence.to_pylist() if r["evidence_kind"] == "author")
    assert 0.3 < share["strength"] <= 1.0


def test_cities_of_a_topic_have_a_part_and_no_usual_of_the_whole_tracker():
    def cities_of(topic):
        evidence = explain_dips(dip(topic), world(), run_ids={EVENT: "run"}).evidence
        rows = [row for row in evidence.to_pylist() if row["evidence_kind"] == "city"]
        return [(row["item"], row["observed"], row["expected"]) for row in rows]

    ((city, observed, expected),) = cities_of("")
    assert (city, observed) == ("milan", 40.0)
    assert expected is not None
    assert cities_of("strike shame") == [("milan", 40.0, None)]


def test_an_event_tells_how_few_authors_made_it():
    # star has 15 of the 40 negatives, the other 25 authors one each
    made_by = explain_dips(dip(), world(), run_ids={EVENT: "run"}).event_authors
    (row,) = made_by.to_pylist()
    assert (row["event_kind"], row["event_id"], row["day"]) == ("dip", "dip1", EVENT)
    assert (row["authors_count"], row["known_share"]) == (26, 1.0)
    assert row["top_share"] == pytest.approx(15 / 40)
    assert row["hhi"] == pytest.approx((15 / 40) ** 2 + 25 / 40**2)
    assert row["verdict"] == "few"


def test_copies_of_one_text_are_shown_once():
    evidence = explain_peaks(peak(), world(), run_ids={EVENT: "run"}).evidence
    labels = [r["label"] for r in evidence.to_pylist() if r["evidence_kind"] == "post"]
    assert len(labels) == len(set(labels))


def test_a_quoted_text_that_is_cut_says_so():
    whole, longer = "w" * LABEL_LENGTH, "l" * (LABEL_LENGTH + 1)
    said = [post(0, whole, author="a0", likes=9), post(1, longer, author="a1", likes=8)]
    said += [post(2, "two\n lines", author="a2", likes=7)]
    given = {
        name: TABLES[name].from_rows([row[name] for row in said]) for name in said[0]
    }

    evidence = explain_peaks(peak(), world(given), run_ids={EVENT: "run"}).evidence

    labels = [r["label"] for r in evidence.to_pylist() if r["evidence_kind"] == "post"]
    assert labels[:3] == [whole, "l" * (LABEL_LENGTH - 1) + "…", "two lines"]
    assert max(map(len, labels)) == LABEL_LENGTH


def test_events_of_other_days_and_no_events_give_typed_nothing():
    other = explain_peaks(peak(), world(), run_ids={day(39): "run"}).evidence
    none = explain_dips(
        TABLES["dips"].empty(), world(), run_ids={EVENT: "run"}
    ).evidence
    assert other.num_rows == none.num_rows == 0
    assert none.schema.equals(TABLES["evidence"].arrow)


def test_words_are_read_of_every_source_where_not_every_item_is(monkeypatch):
    """Items that are read are drawn by hash, not the first source's by its name."""
    monkeypatch.setattr(event_items, "MAX_READ_ITEMS", 80)
    made = [post(i, "dull", author=f"a{i}", negative=True) for i in range(100)]
    made += [
        {
            name: {**row, "source": "zoo"}
            for name, row in post(
                100 + i, "scandal", author=f"b{i}", negative=True
            ).items()
        }
        for i in range(100)
    ]
    given = {
        name: TABLES[name].from_rows([row[name] for row in made]) for name in made[0]
    }

    rows = explain_dips(dip(), world(given), run_ids={EVENT: "run"}).evidence

    words = {row["item"] for row in rows.to_pylist() if row["evidence_kind"] == "word"}
    assert words == {"dull", "scandal"}


def test_every_item_of_a_topic_counts(monkeypatch):
    """What a topic's authors wrote is of all its items, however few words are read."""
    monkeypatch.setattr(event_items, "MAX_READ_ITEMS", 10)
    made_by = explain_dips(dip(topic="strike"), world(), run_ids={EVENT: "run"})
    (row,) = made_by.event_authors.to_pylist()
    assert row["authors_count"] == 26
    assert row["top_share"] == pytest.approx(15 / 40)
