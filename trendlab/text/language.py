"""Which language a text is in: function words first, then n-grams.

Two looks. Function words settle most texts at once: a text whose function words are
mostly one of 22 languages' is in it. The rest goes to lingua in its low-accuracy mode
(trigrams) over `LANGUAGES`, which takes 30 MB; all 75 languages in high-accuracy mode
take 880 MB and are 15 times as slow.

Measured (`python -m bench.text`): of tweets and post titles known to be English, 97 %
and 92 % are found, against 94 % and 89 % by lingua's trigrams over the same languages.
Of 473 tweets and captions that lingua's high-accuracy mode over all languages is sure
are not English, 6 % are taken for English, against 3 %; many of these are half English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lingua import (
    ConfidenceValue,
    IsoCode639_1,
    LanguageDetector,
    LanguageDetectorBuilder,
)

from trendlab.text.clean import stop_words_by_language, strip_marks

UNDETERMINED = "und"
ENGLISH = "en"

# The languages that lingua chooses among: the main ones of tweets and captions about
# fashion and of the seed cities. Each one more costs speed and takes short English
# texts away: Tagalog, Swedish, Danish and Finnish took 3 % of them, and are told by
# their function words.
_COMPARED = "en es pt fr de it nl pl tr id vi ru uk ar fa hi th ja ko zh"
LANGUAGES = tuple(_COMPARED.split(" "))

# Fewer letters than this say nothing: "Chanel" is a word of every language.
MIN_LETTERS = 8
# Scripts of one language, or with a letter a syllable, tell it sooner.
MIN_TELLING_LETTERS = 2
# Function words settle a text when those of one language weigh this much (a word
# shared by n languages counts 1/n) …
MIN_FUNCTION_WEIGHT = 1.5
# … lead twice the next language's by this much …
MIN_FUNCTION_LEAD = 1.0
# … and are this share of all words.
MIN_FUNCTION_SHARE = 0.15
# Trigrams take short English texts for Dutch, Tagalog, … Where there is English
# function weight like this, twice that of the language found, and the confidence is
# below the ceiling, it is English.
RESCUE_WEIGHT = 0.5
RESCUE_CEILING = 0.95
# Trigrams below this are a guess.
MIN_CONFIDENCE = 0.4
# Language does not change after this many characters, and time is saved. (Shorter is
# wrong: the first half of a bilingual post is often the English one.)
MAX_CHARACTERS = 400
# A given language is set aside only where this many letters say another this surely:
# clients send the language of their menus.
OVERRULE_LETTERS = 40
OVERRULE_CONFIDENCE = 0.9
# Confidence in a given language that the text does not contradict.
GIVEN_CONFIDENCE = 0.9

_SYNONYMS = {
    "in": "id",
    "iw": "he",
    "ji": "yi",
    "no": "nb",
    "fil": "tl",
    "cmn": "zh",
    "eng": "en",
    "spa": "es",
    "por": "pt",
    "fra": "fr",
    "deu": "de",
    "ita": "it",
    "jpn": "ja",
    "kor": "ko",
}
# Twitter's and others' codes that name no language
_NO_LANGUAGE = frozenset({"und", "zxx", "mul", "mis"})
_CODE = re.compile(r"[a-z]{2}")
# Latin letters, with marks
_LATIN = re.compile("[A-Za-z\u00aa\u00ba\u00c0-\u02af\u1e00-\u1eff]")
# kana, ideographs, Hangul, Thai: a letter says much
_TELLING = re.compile(
    "[\u0e00-\u0e7f\u1100-\u11ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]"
)
# Languages not written in Latin letters. (Those of South Asia often are, in posts.)
_OTHER_SCRIPTS = "ru uk be bg mk ar fa ps he yi el hy ka th lo km my ja ko zh am"
_NOT_LATIN = frozenset(_OTHER_SCRIPTS.split(" "))


@dataclass(frozen=True)
class Language:
    """A language with its confidence, and whether function words told it."""

    code: str
    confidence: float
    is_by_words: bool = False


NOT_TOLD = Language(UNDETERMINED, 0.0)


@lru_cache(maxsize=1)
def load_detector() -> LanguageDetector:
    """Return this process's lingua detector (20 languages, about 30 MB)."""
    codes = [getattr(IsoCode639_1, code.upper()) for code in LANGUAGES]
    builder = LanguageDetectorBuilder.from_iso_codes_639_1(*codes)
    return builder.with_low_accuracy_mode().with_preloaded_language_models().build()


@lru_cache(maxsize=1)
def _function_words() -> dict[str, tuple[float, tuple[str, ...]]]:
    """Return each function word's weight and languages."""
    languages: dict[str, list[str]] = {}
    for code, words in stop_words_by_language().items():
        for word in words:
            languages.setdefault(word, []).append(code)
    return {word: (1.0 / len(codes), tuple(codes)) for word, codes in languages.items()}


def identify(
    texts: Sequence[str],
    given: Sequence[str | None] | None = None,
    *,
    is_parallel: bool = False,
) -> tuple[list[str], list[float]]:
    """Tell the language of each text.

    Parameters
    ----------
    texts : sequence of str
        As written; links, handles, hashtags, emoji and digits do not count.
    given : sequence of str or None, optional
        What the source says, BCP 47 (`en`, `pt-BR`). Taken unless the text is in
        another script, or ≥ 40 letters of it say another language at ≥ 0.9; taken for
        short texts too, where nothing else can be told. A text without words has no
        language, whatever is given.
    is_parallel : bool
        Let lingua use all cores.

    Returns
    -------
    languages : list of str
        ISO 639-1 code, or `und`: fewer than 8 letters (2 of a script that tells its
        language), or a confidence below 0.4.
    confidences : list of float
        0 to 1; 0 for `und`. The share of function words' weight, lingua's value, or
        0.9 for a given language. Good for ranking; not calibrated.

    Notes
    -----
    lingua's confidence is relative to `LANGUAGES`: a text in another language gets
    the most similar of them.
    """
    words = [strip_marks(text) for text in texts]
    return identify_words(words, given, is_parallel=is_parallel)


def identify_words(
    words: Sequence[str],
    given: Sequence[str | None] | None = None,
    *,
    is_parallel: bool = False,
) -> tuple[list[str], list[float]]:
    """Tell the language of texts of which only words are left (`strip_marks`)."""
    told = _tell(dict.fromkeys(words), is_parallel)
    if given is None:
        found = [told[text] for text in words]
    else:
        found = [
            _weigh_given(text, told[text], normalise_code(code))
            for text, code in zip(words, given, strict=True)
        ]
    return [one.code for one in found], [one.confidence for one in found]


def normalise_code(given: str | None) -> str | None:
    """Return the ISO 639-1 code in a BCP 47 tag, or None."""
    if given is None:
        return None
    code = given.strip().lower().replace("_", "-").split("-")[0]
    code = _SYNONYMS.get(code, code)
    if code in _NO_LANGUAGE or _CODE.fullmatch(code) is None:
        return None
    return code


def _tell(texts: dict[str, None], is_parallel: bool) -> dict[str, Language]:
    """Tell the language of distinct texts."""
    told: dict[str, Language] = {}
    unsettled: list[tuple[str, dict[str, float]]] = []
    for text in texts:
        letters = len(text) - text.count(" ")
        if letters < MIN_LETTERS and (
            letters < MIN_TELLING_LETTERS or _TELLING.search(text) is None
        ):
            told[text] = NOT_TOLD
            continue
        weights, count = _weights(text)
        settled = _settle(weights, count)
        if settled is None:
            unsettled.append((text, weights))
        else:
            told[text] = settled
    found = _by_trigrams([text[:MAX_CHARACTERS] for text, _ in unsettled], is_parallel)
    for (text, weights), language in zip(unsettled, found, strict=True):
        told[text] = _rescue_english(language, weights)
    return told


def _weights(text: str) -> tuple[dict[str, float], int]:
    """Weigh the function words of each language, and count all words."""
    known = _function_words()
    words = text.lower().split()
    weights: dict[str, float] = {}
    # in the order of the text: a set's order, and with it the last digits of a sum,
    # differs from process to process
    for word in dict.fromkeys(words):
        entry = known.get(word)
        if entry is not None:
            weight, codes = entry
            for code in codes:
                weights[code] = weights.get(code, 0.0) + weight
    return weights, len(words)


def _settle(weights: dict[str, float], count: int) -> Language | None:
    """Return the language that function words settle, if they do."""
    if not weights:
        return None
    first, *rest = sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:2]
    code, weight = first
    next_weight = rest[0][1] if rest else 0.0
    if (
        weight >= MIN_FUNCTION_WEIGHT
        and weight - 2 * next_weight >= MIN_FUNCTION_LEAD
        and weight >= MIN_FUNCTION_SHARE * count
    ):
        return Language(code, round(weight / (weight + next_weight), 4), True)
    return None


def _by_trigrams(texts: list[str], is_parallel: bool) -> list[Language]:
    if not texts:
        return []
    detector = load_detector()
    ranked: Iterable[list[ConfidenceValue]]
    if is_parallel:
        ranked = detector.compute_language_confidence_values_in_parallel(texts)
    else:
        ranked = map(detector.compute_language_confidence_values, texts)
    found = []
    for values in ranked:
        best = values[0]
        code = best.language.iso_code_639_1.name.lower()
        found.append(Language(code, round(float(best.value), 4)))
    return found


def _rescue_english(found: Language, weights: dict[str, float]) -> Language:
    english = weights.get(ENGLISH, 0.0)
    other = weights.get(found.code, 0.0)
    if (
        found.code != ENGLISH
        and english >= RESCUE_WEIGHT
        and english >= 2 * other
        and found.confidence < RESCUE_CEILING
        and found.code in stop_words_by_language()
    ):
        # the next weight keeps a lone shared word from looking sure
        share = english / (english + other + RESCUE_WEIGHT)
        return Language(ENGLISH, round(share, 4))
    if found.confidence < MIN_CONFIDENCE:
        return NOT_TOLD
    return found


def _weigh_given(text: str, told: Language, given: str | None) -> Language:
    """Take a given language unless the text contradicts it."""
    if given is None or given == told.code or not text:
        return told
    letters = len(text) - text.count(" ")
    latin = len(_LATIN.findall(text))
    is_latin = 2 * latin > letters
    if is_latin == (given in _NOT_LATIN):
        return told
    is_comparable = told.is_by_words or given in LANGUAGES
    if (
        is_comparable
        and letters >= OVERRULE_LETTERS
        and told.confidence >= OVERRULE_CONFIDENCE
    ):
        return told
    return Language(given, GIVEN_CONFIDENCE)
