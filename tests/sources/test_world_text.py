"""Texts of the simulated world: their tone by VADER, and the words they carry."""

from itertools import product

import numpy as np
import pyarrow.compute as pc
import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from tests.world import days_between, quiet_days, small_world, tables_of
from trendlab.sources.world import WorldConfig, simulate
from trendlab.sources.world import vocabulary as words
from trendlab.sources.world.vocabulary import NEGATIVE, NEUTRAL, POSITIVE


@pytest.fixture(scope="module")
def analyser():
    return SentimentIntensityAnalyzer()


def tone_of(compound):
    return NEGATIVE if compound <= -0.05 else POSITIVE if compound >= 0.05 else NEUTRAL


def is_english(text):
    openers = (*words.OPENERS.values(), *words.COMMENTS.values())
    return text.startswith(tuple(opener for group in openers for opener in group))


def negative_share(analyser, texts):
    scores = [analyser.polarity_scores(text)["compound"] for text in texts]
    return np.mean([tone_of(score) == NEGATIVE for score in scores])


@pytest.mark.parametrize("tone", [NEGATIVE, NEUTRAL, POSITIVE])
def test_vader_reads_every_english_sentence_as_it_is_meant(analyser, tone):
    topics = ("", " about the zipper and the stitching #zippergate", " in a red skirt")
    for opener, closer in product(words.OPENERS[tone], words.CLOSERS[tone]):
        for topic in topics:
            text = f"{opener}{topic}{closer} #streetstyle"
            score = analyser.polarity_scores(text)["compound"]
            assert tone_of(score) == tone, text
    for text, end in product(words.COMMENTS[tone], ("", "; the dye again")):
        score = analyser.polarity_scores(text + end)["compound"]
        assert tone_of(score) == tone, text + end


def test_tags_themes_and_garments_have_no_tone(analyser):
    neutral = {
        *words.TAGS_FIRST,
        *words.TAGS_SECOND,
        *words.GARMENT_WORDS,
        *words.COLOUR_WORDS,
    }
    for (first, second), tag in (*words.PEAK_THEMES, *words.DIP_THEMES):
        neutral |= {first, second, tag}
    for _, _, (first, second), tag in words.EVENT_THEMES:
        neutral |= {first, second, tag}
    for plan in WorldConfig().trackers:
        neutral |= {*plan.hashtags, *plan.keywords, plan.spam_hashtag or ""}
    assert neutral & set(analyser.lexicon) == set()


def test_between_ten_and_fifteen_percent_are_negative_on_quiet_days(analyser):
    world = small_world(is_null=True)
    last = world.truth.last_day
    tables = tables_of(world, quiet_days(world, "velmora")[-14], last)
    for texts in (tables["posts"]["caption"], tables["comments"]["text"]):
        english = [text for text in texts.to_pylist() if is_english(text)]
        share = negative_share(analyser, english)
        assert 0.09 < share < 0.16
        assert len(english) > 0.7 * len(texts)


def test_dips_raise_the_negative_share_of_posts_and_comments(analyser):
    world = small_world()
    for dip in world.truth.dips:
        tables = tables_of(world, dip.start_on, dip.end_on)
        captions = [t for t in tables["posts"]["caption"].to_pylist() if is_english(t)]
        topic = [text for text in captions if dip.words[0] in text]
        assert negative_share(analyser, topic) > 0.5
        comments = tables["comments"]["text"].to_pylist()
        about = [text for text in comments if f"the {dip.words[0]}" in text]
        assert negative_share(analyser, about) > 0.5
        quiet = negative_share(analyser, [t for t in captions if dip.words[0] not in t])
        assert quiet < 0.2
        authors = tables["posts"].filter(
            pc.match_substring(tables["posts"]["caption"], dip.words[0])
        )["author_id"]
        assert len(authors.unique()) >= 3


def test_peaks_do_not_raise_the_negative_share(analyser):
    world = small_world()
    for peak in world.truth.peaks:
        texts = []
        for day in days_between(peak.start_on, peak.end_on):
            texts += world.day(day)["posts"]["caption"].to_pylist()
        theme = [text for text in texts if peak.words[0] in text and is_english(text)]
        assert len(theme) > 10
        assert negative_share(analyser, theme) < 0.3


def test_captions_hold_the_tags_and_mentions_of_their_columns():
    posts = small_world().day(small_world().truth.last_day)["posts"].to_pylist()
    for row in posts:
        marks = row["caption"].split()
        assert [w[1:] for w in marks if w.startswith("#")] == row["hashtags"]
        assert [w[1:] for w in marks if w.startswith("@")] == row["mentions"]
        assert len(set(row["hashtags"])) == len(row["hashtags"])
        assert row["author_handle"] not in row["mentions"]


def test_texts_are_composed_as_the_schema_says():
    import unicodedata

    tables = small_world().day(small_world().truth.last_day)
    for texts in (tables["posts"]["caption"], tables["comments"]["text"]):
        for text in texts.to_pylist():
            assert unicodedata.is_normalized("NFC", text)
            assert text


def test_places_speak_their_language_and_the_source_seldom_says_which():
    world = small_world()
    last = world.truth.last_day
    posts = tables_of(world, quiet_days(world, "velmora")[-7], last)["posts"]
    assert posts["language_given"].null_count == posts.num_rows
    captions = posts["caption"].to_pylist()
    english = np.mean([is_english(text) for text in captions])
    assert 0.75 < english < 0.95
    japanese = words.FOREIGN["ja"][0]
    assert any(text.startswith(japanese) for text in captions)


def test_a_source_can_be_asked_to_state_the_language():
    world = simulate(WorldConfig(weeks=1, language_given_share=0.5))
    posts = world.day(world.truth.last_day)["posts"]
    known = posts.num_rows - posts["language_given"].null_count
    assert 0.3 < known / posts.num_rows < 0.7
    for row in posts.to_pylist():
        if row["language_given"] is not None:
            assert is_english(row["caption"]) == (row["language_given"] == "en")


def test_mentions_favour_a_few():
    world = small_world()
    targets = world._plan.authors.targets
    counts = np.bincount(targets[targets >= 0], minlength=len(targets))
    top = np.sort(counts)[::-1]
    # in a random graph of mean degree 3 the largest would be near 12
    assert top[0] > 30
    assert top[: len(top) // 100].sum() > 0.08 * counts.sum()
    assert not (targets == np.arange(len(targets))[:, None]).any()
