from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.text import shared
from trendlab.text.clean import stop_words_by_language, strip_marks
from trendlab.text.language import (
    LANGUAGES,
    MIN_LETTERS,
    identify,
    identify_words,
    normalise_code,
)


def language(text: str, given: str | None = None) -> str:
    codes, _ = identify([text], [given])
    return codes[0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("I love the way this coat looks on her", "en"),
        ("Me encanta este vestido de la nueva colección", "es"),
        ("Adoro este vestido da nova coleção, você também?", "pt"),
        ("J'adore cette robe, elle est dans la nouvelle collection", "fr"),
        ("Ich liebe dieses Kleid aus der neuen Kollektion", "de"),
        ("Questo vestito è della nuova collezione", "it"),
        ("Deze jurk is van de nieuwe collectie en ik wil hem", "nl"),
        ("Den här klänningen är så fin och jag vill ha den", "sv"),
        ("Bu elbise çok güzel ama benim için değil", "tr"),
        ("Ta sukienka jest bardzo ładna, ale nie dla mnie", "pl"),
        ("Baju ini bagus banget tapi tidak ada yang besar", "id"),
        ("Новая коллекция уже в продаже", "ru"),
        ("Ця сукня дуже гарна, але не для мене", "uk"),
        ("هذا الفستان جميل جدا من المجموعة الجديدة", "ar"),
        ("このドレスはとてもかわいいです", "ja"),
        ("신상 원피스 너무 예뻐요", "ko"),
        ("这件裙子很漂亮", "zh"),
        ("ชุดนี้สวยมากเลย", "th"),
        ("यह साड़ी बहुत सुंदर है", "hi"),
    ],
)
def test_a_plain_sentence_is_told(text: str, code: str) -> None:
    assert language(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "Chanel 😁",
        "😍😍😍",
        "@zara #ootd https://t.co/abc",
        "100 % 2021",
        "\x00",
    ],
)
def test_a_text_that_says_too_little_is_undetermined(text: str) -> None:
    assert identify([text]) == (["und"], [0.0])


def test_links_handles_hashtags_and_emoji_do_not_count() -> None:
    text = (
        "Ich liebe dieses Kleid! #love #fashionweek @the.best https://so.me/the-best 😁"
    )
    assert strip_marks(text) == "Ich liebe dieses Kleid"
    assert language(text) == "de"


def test_a_given_language_tells_a_short_text() -> None:
    assert language("Chanel 😁", "en") == "en"
    assert language("wow", "pt-BR") == "pt"


def test_a_given_language_does_not_tell_a_text_without_words() -> None:
    assert language("😁😁", "en") == "und"


def test_a_given_language_in_another_script_is_set_aside() -> None:
    assert language("Новая коллекция уже в продаже", "en") == "ru"
    assert language("I love the way this coat looks on her", "ja") == "en"


def test_a_long_text_overrules_the_language_of_the_menus() -> None:
    text = "Me encanta este vestido de la nueva colección que he comprado en la tienda"
    assert language(text, "en") == "es"


def test_a_given_language_that_is_not_compared_is_taken() -> None:
    assert language("Tuto je pekné, kúpim si to zajtra asi", "sk") == "sk"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("en", "en"),
        ("en-US", "en"),
        ("pt_BR", "pt"),
        (" ZH-Hans ", "zh"),
        ("in", "id"),
        ("iw", "he"),
        ("fil", "tl"),
        ("und", None),
        ("qme", None),
        ("zxx", None),
        ("", None),
        (None, None),
        ("e\x00", None),
    ],
)
def test_given_codes_are_brought_to_iso_639_1(
    given: str | None, code: str | None
) -> None:
    assert normalise_code(given) == code


def test_no_texts_give_no_languages() -> None:
    assert identify([]) == ([], [])


def test_languages_follow_the_order_of_the_texts_with_repeats() -> None:
    german, english = "Das ist nicht mein Kleid", "That is not my dress at all"
    codes, _ = identify([german, english, german])
    assert codes == ["de", "en", "de"]


def test_all_cores_give_the_same_languages() -> None:
    texts = ["prachtig jurkje", "bellissimo vestito", "gorgeous little dress", "robe"]
    assert identify(texts, is_parallel=True) == identify(texts)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60), st.sampled_from([None, "en", "ja", "xx", "zz-ZZ"]))
def test_any_text_gives_a_known_code_and_a_share(text: str, given: str | None) -> None:
    (code,), (confidence,) = identify([text], [given])
    known = {*LANGUAGES, *stop_words_by_language(), "und", "xx", "zz"}
    assert code in known
    assert 0 <= confidence <= 1
    assert (code == "und") == (confidence == 0)


def test_real_english_is_found() -> None:
    titles = list(map(strip_marks, shared.post_titles()[::4]))
    tweets = [strip_marks(text) for _, text in shared.rated_tweets()]
    for texts, least in ((tweets, 0.95), (titles, 0.9)):
        long_enough = [t for t in texts if len(t.replace(" ", "")) >= MIN_LETTERS]
        codes, _ = identify_words(long_enough)
        assert codes.count("en") / len(codes) > least


def test_real_captions_in_other_scripts_are_not_english() -> None:
    words = {strip_marks(text) for text in shared.captions()}
    foreign = sorted(
        text
        for text in words
        if sum("\u0370" <= c <= "\ud7ff" for c in text) > 0.6 * len(text) > 6
    )
    codes, _ = identify_words(foreign)
    assert len(foreign) > 300
    assert codes.count("en") == 0
