"""The same person keeps one pseudonym, and nothing of the name stays in a row."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trendlab.privacy.pseudonyms import Pseudonyms, is_pseudonym
from trendlab.sources.fields import mentions_in

NAMES = Pseudonyms(b"k" * 32)


def test_a_handle_has_one_pseudonym_however_it_is_written():
    assert len({NAMES.of_handle(name) for name in ("ana", "@Ana", " ANA ")}) == 1
    assert is_pseudonym(NAMES.of_handle("ana"))


def test_ids_handles_and_keys_are_kept_apart():
    names = {
        NAMES.of_handle("17"),
        NAMES.of_id("17"),
        Pseudonyms(b"l" * 32).of_handle("17"),
    }
    assert len(names) == 3


def test_a_row_says_nothing_of_its_author_and_keeps_what_is_counted():
    row = {
        "author_id": "17",
        "author_handle": "ana",
        "caption": "with @Ben.B and @eva, see https://x.example/ana?u=ana #coat",
        "mentions": ["ben.b", "eva@far.example"],
        "url": "https://x.example/ana/1",
        "post_id": "1",
        "likes_count": 3,
    }

    named = NAMES.in_row("posts", row)

    ben, eva = NAMES.of_handle("ben.b"), NAMES.of_handle("eva@far.example")
    assert named == {
        "author_id": NAMES.of_id("17"),
        "author_handle": NAMES.of_handle("ana"),
        "caption": f"with @{ben} and @{eva}, see https://x.example/ #coat",
        "mentions": [ben, eva],
        "post_id": "1",
        "likes_count": 3,
    }
    assert row["author_id"] == "17"


def test_every_way_to_write_a_handle_is_a_pseudonym_or_goes():
    ana, lea = NAMES.of_handle("ana"), NAMES.of_handle("lea.bsky.social")
    did = NAMES.of_id("did:plc:q7z")
    texts = {
        "thanks /u/ana and u/Ana": f"thanks /u/{ana} and u/{ana}",
        "https://ana.tumblr.com/post/1": f"https://{ana}.tumblr.com/",
        "from ana.tumblr.com": f"from {ana}.tumblr.com",
        "at https://www.tumblr.com/ana": "at https://www.tumblr.com/",
        "lea.bsky.social, @lea.bsky.social": f"{lea}.bsky.social, @{lea}",
        "instagram.com/ana and www.tiktok.com/@ana": "instagram.com/ and "
        "www.tiktok.com/",
        "bsky.app/profile/lea.bsky.social": "bsky.app/",
        "at://did:plc:q7z/app.bsky.feed.post/3k": f"at://{did}/app.bsky.feed.post/3k",
        "by did:plc:q7z.": f"by {did}.",
        "size S/M, 50/50, and/or, 3.5/5": "size S/M, 50/50, and/or, 3.5/5",
    }
    assert {text: NAMES.in_text(text) for text in texts} == texts


def test_names_and_profile_texts_are_dropped_and_places_are_not():
    row = {"author_id": "17", "handle": "ana", "name": "Ana", "biography": "hi",
           "profile_place": "Paris"}  # fmt: skip

    named = NAMES.in_row("authors", row)

    assert set(named) == {"author_id", "handle", "profile_place"}
    assert named["handle"] == NAMES.of_handle("ana")


def test_the_description_of_a_photo_is_a_text_too():
    row = {"post_id": "1", "media_index": 0, "alt_text": "a coat, with @ben"}

    named = NAMES.in_row("media", row)

    assert named["alt_text"] == f"a coat, with @{NAMES.of_handle('ben')}"


def test_what_is_not_given_stays_not_given():
    row = {"author_id": None, "author_handle": None, "caption": None, "mentions": []}
    assert NAMES.in_row("posts", row) == row


@given(st.text())
def test_every_mention_of_a_text_is_the_pseudonym_of_one(text):
    assert all(map(is_pseudonym, mentions_in(NAMES.in_text(text))))


@given(st.lists(st.sampled_from([*"@＠ \n", "ana", "ben.b", "#coat"])))
def test_mentions_stay_as_many_and_in_their_places(parts):
    text = "".join(parts)
    wanted = [NAMES.of_handle(name) for name in mentions_in(text)]
    assert mentions_in(NAMES.in_text(text)) == wanted
