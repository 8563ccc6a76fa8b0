"""Mentions and profile addresses go; everything else stays as it was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendlab.privacy import KeyedHash, fold_name, holds_name, replace_names
from trendlab.sources.fields import fold_handles, mentions_in

GONE = {"ana", "ana.b", "eva@far.example", "lea.bsky.social", "did:plc:q7z"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("hi @ana!", "hi @[forgotten]!"),
        ("hi @ANA.", "hi @[forgotten]."),
        ("＠ana ＠anabel", "＠[forgotten] ＠anabel"),
        ("@ana.b and @ana.c", "@[forgotten] and @ana.c"),
        ("@ana@other.example", "@ana@other.example"),
        ("@eva@far.example and @eva", "@[forgotten] and @eva"),
        ("mail ana@ana.example", "mail ana@ana.example"),
        ("banana ana", "banana ana"),
        ("https://x.example/ana", "https://x.example/[forgotten]"),
        ("https://x.example/@ana/17?l=1.", "https://x.example/[forgotten]/17?l=1."),
        ("https://x.example/?u=ana", "https://x.example/?u=[forgotten]"),
        ("https://far.example/@eva", "https://far.example/[forgotten]"),
        ("https://near.example/@eva", "https://near.example/@eva"),
        ("https://ana.example/banana", "https://ana.example/banana"),
        (
            "u/ana, /u/Ana and r/u_ana",
            "u/[forgotten], /u/[forgotten] and r/u_[forgotten]",
        ),
        ("u/anabel u/ana-b w/u/ana r/ana", "u/anabel u/ana-b w/u/ana r/ana"),
        (
            "ana.tumblr.com ANA.tumblr.com/post",
            "[forgotten].tumblr.com [forgotten].tumblr.com/post",
        ),
        ("https://ana.tumblr.com/x", "https://[forgotten].tumblr.com/x"),
        (
            "x.ana.tumblr.com ana.tumblr.community",
            "x.ana.tumblr.com ana.tumblr.community",
        ),
        ("see lea.bsky.social.", "see [forgotten].bsky.social."),
        ("instagram.com/ana.", "instagram.com/[forgotten]"),
        ("IG:instagram.com/ana", "IG:instagram.com/[forgotten]"),
        ("(Instagram.com/ana/reels)", "(Instagram.com/[forgotten]/reels)"),
        ("www.tiktok.com/@ana/video/7", "www.tiktok.com/[forgotten]/video/7"),
        ("bsky.app/profile/lea.bsky.social", "bsky.app/profile/[forgotten]"),
        ("m.reddit.com/r/u_ana/", "m.reddit.com/r/[forgotten]/"),
        (
            "on near.example/@ana or far.example/@eva",
            "on near.example/[forgotten] or far.example/[forgotten]",
        ),
        ("instagram.com/anabel reels/ana", "instagram.com/anabel reels/ana"),
        ("by did:plc:q7z, did:plc:q7zz", "by [forgotten], did:plc:q7zz"),
        (
            "at://did:plc:q7z/app.bsky.feed.post/3k",
            "at://[forgotten]/app.bsky.feed.post/3k",
        ),
        ("the shop.best/ana size", "the shop.best/ana size"),
        ("notinstagram.com/ana", "notinstagram.com/ana"),
        ("", ""),
    ],
)
def test_a_name_is_replaced_where_it_is_one(text, wanted):
    assert replace_names(text, GONE.__contains__) == wanted


@given(
    st.lists(
        st.sampled_from(
            [
                *"@＠/. \n",
                "ana",
                "ana.b",
                "https://x.example",
                "é",
                "u/",
                ".tumblr.com",
                "instagram.com/",
                "lea.bsky.social",
            ]
        )
    )
)
def test_no_mention_is_left_and_a_second_time_changes_nothing(parts):
    text = "".join(parts)

    replaced = replace_names(text, GONE.__contains__)

    assert not GONE & set(mentions_in(replaced))
    assert replace_names(replaced, GONE.__contains__) == replaced


@given(st.text())
def test_a_text_without_the_names_stays_as_it_is(text):
    assert replace_names(text, lambda name: False) == text


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_names_are_folded_as_sources_fold_them(name):
    assert fold_handles([name]) == [fold_name(name)] * bool(fold_name(name))


def test_a_raw_record_holds_a_name_as_a_word_only():
    assert holds_name('{"user": "Ana", "n": 3}', GONE.__contains__)
    assert holds_name("at://ana/app.post/3k", GONE.__contains__)
    assert holds_name('{"owner": "17@N00"}', {"17@N00"}.__contains__)
    assert not holds_name('{"fruit": "banana"}', GONE.__contains__)


def test_a_hash_depends_on_key_purpose_and_where_parts_end():
    keys = (b"a" * 32, b"b" * 32)
    hashes = {
        KeyedHash(key, purpose).of(*parts)
        for key in keys
        for purpose in ("one", "two")
        for parts in (("ab", "c"), ("a", "bc"))
    }
    assert len(hashes) == 8
    assert all(len(one) == 32 for one in hashes)


def test_a_key_is_not_shown_and_its_id_tells_it_apart():
    keyed = KeyedHash(b"secret.." * 4, "one")
    assert "secret" not in repr(keyed)
    assert keyed.key_id != KeyedHash(b"other..." * 4, "one").key_id
    with pytest.raises(ValueError, match="32 bytes"):
        KeyedHash(b"short", "one")
