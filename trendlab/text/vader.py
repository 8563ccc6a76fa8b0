"""VADER in batches: the scores of vaderSentiment, a few times faster.

The rules, constants and lexicons are the package's own, imported; what differs is how
often it looks. The package lowercases every word about ten times, walks a list of 59
negations for each look back, and builds the text anew at each emoji. Here a text is
lowercased once, each distinct token is stripped once, and only words of the lexicon
and the three before them are looked at.

References
----------
Hutto and Gilbert (2014), "VADER: A Parsimonious Rule-based Model for Sentiment Analysis
of Social Media Text", ICWSM. vaderSentiment 3.3.2 (MIT).
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context

import numpy as np
import numpy.typing as npt
from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    C_INCR,
    N_SCALAR,
    NEGATE,
    SPECIAL_CASES,
    SentimentIntensityAnalyzer,
    normalize,
)

Floats = npt.NDArray[np.float64]

# neg, neu, pos, compound: the order of the package's dictionary
COLUMNS = ("neg", "neu", "pos", "compound")
NO_WORDS = (0.0, 0.0, 0.0, 0.0)
NO_SENTIMENT = (0.0, 1.0, 0.0, 0.0)

# Distinct tokens remembered, about 30 MB; hashtags and handles never end, so a full
# memory is emptied.
MAX_TOKENS = 200_000
# A pool takes about a second to start: smaller batches are scored in this process.
MIN_TEXTS_PER_PROCESS = 20_000
CHUNK_TEXTS = 5_000

# Longer tokens are rare and need not be remembered.
_MAX_TOKEN_CHARACTERS = 40
# The package keeps the punctuation of tokens that are this short without it.
_EMOTICON_CHARACTERS = 2
# Weight of a booster one, two and three words before.
_DAMPING = (1.0, 0.95, 0.9)
_BEFORE_BUT = 0.5
_AFTER_BUT = 1.5
_NEVER_SO = 1.25
_EXCLAMATION = 0.292
_MAX_EXCLAMATIONS = 4
_QUESTION = 0.18
_MAX_QUESTIONS = 3
_MANY_QUESTIONS = 0.96

_SO_THIS = frozenset({"so", "this"})
_OR_NOR = frozenset({"or", "nor"})
_AT_VERY = frozenset({"at", "very"})
_NEGATIONS = frozenset(NEGATE)
_NT = "n't"

_PHRASES = [phrase.split() for phrase in (*SPECIAL_CASES, *BOOSTER_DICT)]
# Words that can change the value of one of the three words after them: without any
# of these before it, and unless it begins or ends an idiom, a word keeps its value.
_CHANGING = frozenset(
    {"no", "least", *_SO_THIS, *_NEGATIONS, *(phrase[-1] for phrase in _PHRASES)}
)
_IDIOM_ENDS = frozenset(
    word for phrase in map(str.split, SPECIAL_CASES) for word in (phrase[0], phrase[-1])
)


class _Tokens(dict[str, str]):
    """Lower-case token → the word it stands for; fills itself."""

    def __missing__(self, token: str) -> str:
        stripped = token.strip(string.punctuation)
        word = token if len(stripped) <= _EMOTICON_CHARACTERS else stripped
        if len(token) <= _MAX_TOKEN_CHARACTERS:
            if len(self) >= MAX_TOKENS:
                self.clear()
            self[token] = word
        return word


class Vader:
    """Scores texts exactly as `SentimentIntensityAnalyzer.polarity_scores` does.

    Attributes
    ----------
    scored_words : frozenset of str
        Words and emoticons that have a value of their own.

    Notes
    -----
    Equality, digit for digit, is tested with generated texts and over real ones. It
    covers the package's quirks: only emoji of one code point are known; an emoji's
    description runs into the letters after it; the rule for `but` looks values up by
    their first occurrence, so that equal values before it are halved more than once.
    """

    def __init__(self) -> None:
        analyzer = SentimentIntensityAnalyzer()
        self._lexicon: dict[str, float] = analyzer.lexicon
        self._emoji = {
            ord(mark): f" {description}"
            for mark, description in analyzer.emojis.items()
            if len(mark) == 1
        }
        self._marks = frozenset(map(chr, self._emoji))
        self._tokens = _Tokens()
        # boosters are never scored themselves, though some stand in the lexicon
        self.scored_words = frozenset(self._lexicon) - frozenset(BOOSTER_DICT)

    def score(self, text: str) -> tuple[float, float, float, float]:
        """Return neg, neu, pos and compound of one text."""
        if not text.isascii() and not self._marks.isdisjoint(text):
            text = text.translate(self._emoji)
        lowered = text.lower()
        if len(lowered) == len(text):
            words = list(map(self._tokens.__getitem__, lowered.split()))
        else:
            # İ becomes two characters; the package strips before it lowercases
            words = [_strip(token).lower() for token in text.split()]
        if self.scored_words.isdisjoint(words):
            return NO_SENTIMENT if words else NO_WORDS
        # without capitals no word is all in capitals
        shown = words if lowered == text else text.split()
        is_cap_diff = lowered != text and _some_capitals(shown)
        scored = self.scored_words
        has_nt = _NT in lowered
        positions = [place for place, word in enumerate(words) if word in scored]
        values = [
            self._valence(words, shown, place, is_cap_diff, has_nt)
            for place in positions
        ]
        if "but" in words:
            _weigh_but(positions, values, words.index("but"))
        return _summed(values, len(words), text)

    def _valence(
        self,
        words: list[str],
        shown: list[str],
        i: int,
        is_cap_diff: bool,
        has_nt: bool,
    ) -> float:
        """Return what one word of the lexicon adds, given the words around it."""
        lexicon = self._lexicon
        word = words[i]
        if word == "kind" and words[i + 1 : i + 2] == ["of"]:
            return 0.0
        valence = lexicon[word]
        if word == "no" and i + 1 < len(words) and words[i + 1] in lexicon:
            valence = 0.0
        if (
            not has_nt
            and word not in _IDIOM_ENDS
            and _CHANGING.isdisjoint(words[max(i - 3, 0) : i])
        ):
            if is_cap_diff and shown[i].isupper():
                valence += C_INCR if valence > 0 else -C_INCR
            return valence
        one = words[i - 1] if i > 0 else ""
        two = words[i - 2] if i > 1 else ""
        three = words[i - 3] if i > 2 else ""
        if one == "no" or two == "no" or (three == "no" and one in _OR_NOR):
            valence = lexicon[word] * N_SCALAR
        if is_cap_diff and shown[i].isupper():
            valence += C_INCR if valence > 0 else -C_INCR
        if i > 0 and one not in lexicon:
            valence += _boost(one, shown[i - 1], valence, is_cap_diff, 0)
            if _is_negation(one):
                valence *= N_SCALAR
        if i > 1 and two not in lexicon:
            valence += _boost(two, shown[i - 2], valence, is_cap_diff, 1)
            if two == "never" and one in _SO_THIS:
                valence *= _NEVER_SO
            elif not (two == "without" and one == "doubt") and _is_negation(two):
                valence *= N_SCALAR
        if i > 2 and three not in lexicon:
            valence += _boost(three, shown[i - 3], valence, is_cap_diff, 2)
            if (three == "never" and two in _SO_THIS) or one in _SO_THIS:
                valence *= _NEVER_SO
            elif not (three == "without" and "doubt" in (two, one)) and _is_negation(
                three
            ):
                valence *= N_SCALAR
            valence = _special_case(words, i, valence)
        if one == "least" and one not in lexicon and two not in _AT_VERY:
            valence *= N_SCALAR
        return valence


def _strip(token: str) -> str:
    stripped = token.strip(string.punctuation)
    return token if len(stripped) <= _EMOTICON_CHARACTERS else stripped


def _some_capitals(shown: list[str]) -> bool:
    """Tell whether some but not all words are in capitals."""
    capitals = sum(map(str.isupper, shown))
    return 0 < capitals < len(shown)


def _is_negation(word: str) -> bool:
    return word in _NEGATIONS or _NT in word


def _boost(
    word: str, shown: str, valence: float, is_cap_diff: bool, distance: int
) -> float:
    """Return what a booster or dampener before a word adds to it."""
    scalar = BOOSTER_DICT.get(word)
    if scalar is None:
        return 0.0
    if valence < 0:
        scalar *= -1
    if is_cap_diff and shown.isupper():
        scalar += C_INCR if valence > 0 else -C_INCR
    return float(scalar * _DAMPING[distance])


def _special_case(words: list[str], i: int, valence: float) -> float:
    """Apply idioms that hold a word of the lexicon, and boosters of two words."""
    three, two, one, zero = words[i - 3 : i + 1]
    two_one = f"{two} {one}"
    three_two = f"{three} {two}"
    three_two_one = f"{three} {two_one}"
    for phrase in (
        f"{one} {zero}",
        f"{two_one} {zero}",
        two_one,
        three_two_one,
        three_two,
    ):
        if phrase in SPECIAL_CASES:
            valence = SPECIAL_CASES[phrase]
            break
    if i + 1 < len(words):
        phrase = f"{zero} {words[i + 1]}"
        valence = SPECIAL_CASES.get(phrase, valence)
        if i + 2 < len(words):
            valence = SPECIAL_CASES.get(f"{phrase} {words[i + 2]}", valence)
    for phrase in (three_two_one, three_two, two_one):
        valence += BOOSTER_DICT.get(phrase, 0.0)
    return valence


def _weigh_but(positions: list[int], values: list[float], but: int) -> None:
    """Halve what stands before `but`, raise what stands after, in place.

    As in the package, each value weighs the first one equal to it.
    """
    for value in list(values):
        if value == 0:
            continue
        first = values.index(value)
        if positions[first] < but:
            values[first] = value * _BEFORE_BUT
        elif positions[first] > but:
            values[first] = value * _AFTER_BUT


def _summed(
    values: list[float], words_count: int, text: str
) -> tuple[float, float, float, float]:
    """Sum the words' values to the four scores."""
    emphasis = _emphasis(text)
    total = float(sum(values))
    if total > 0:
        total += emphasis
    elif total < 0:
        total -= emphasis
    # a word counts 1 beside its value, so that neutral words can be counted too
    positive = 0.0
    negative = 0.0
    neutral = words_count
    for value in values:
        if value > 0:
            positive += value + 1
            neutral -= 1
        elif value < 0:
            negative += value - 1
            neutral -= 1
    if positive > -negative:
        positive += emphasis
    elif positive < -negative:
        negative -= emphasis
    everything = positive - negative + neutral
    return (
        round(abs(negative / everything), 3),
        round(neutral / everything, 3),
        round(positive / everything, 3),
        round(float(normalize(total)), 4),
    )


def _emphasis(text: str) -> float:
    exclaimed = min(text.count("!"), _MAX_EXCLAMATIONS) * _EXCLAMATION
    asked = text.count("?")
    if asked <= 1:
        return exclaimed
    if asked <= _MAX_QUESTIONS:
        return exclaimed + asked * _QUESTION
    return exclaimed + _MANY_QUESTIONS


@lru_cache(maxsize=1)
def load_vader() -> Vader:
    """Return this process's scorer; the lexicon is read once."""
    return Vader()


def score_batch(texts: Sequence[str], *, processes: int = 1) -> Floats:
    """Score many texts.

    Parameters
    ----------
    texts : sequence of str
    processes : int
        At most this many; batches too small to pay for starting them use fewer. They
        are spawned, so a script that asks for more than one needs the usual
        ``if __name__ == "__main__"``.

    Returns
    -------
    (n, 4) float64
        Columns neg, neu, pos, compound, in the order of the texts.
    """
    workers = min(processes, len(texts) // MIN_TEXTS_PER_PROCESS)
    if workers <= 1:
        return _score_chunk(texts)
    chunks = [
        list(texts[start : start + CHUNK_TEXTS])
        for start in range(0, len(texts), CHUNK_TEXTS)
    ]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return np.concatenate(list(pool.map(_score_chunk, chunks)))


def _score_chunk(texts: Sequence[str]) -> Floats:
    score = load_vader().score
    return np.array([score(text) for text in texts], np.float64).reshape(-1, 4)
