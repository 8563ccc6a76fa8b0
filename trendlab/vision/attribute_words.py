"""The questions that a zero-shot model is asked about garments, in words.

All of its knowledge of attributes is here: which values there are, how each is
said, and which classes of garments each question makes sense for. Values carry the
names that `garment_tags` stores; what is said to the model may be changed freely.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from trendlab.errors import SettingsError
from trendlab.vision.attribute_model import FINE_CATEGORY

# Each phrase is said in every one of these ways, and the mean is compared: what CLIP's
# authors found better than a bare noun (Radford et al. 2021, section 3.1.4).
TEMPLATES = ("a photo of {}", "a person wearing {}")

# What the classes of garments are called in a phrase. A class that is not here, of
# another detector, is asked about by no question that names the garment.
NOUNS: Mapping[str, str] = {
    "bag": "bag",
    "belt": "belt",
    "boots": "boots",
    "footwear": "shoes",
    "outer": "jacket",
    "dress": "dress",
    "sunglasses": "sunglasses",
    "pants": "trousers",
    "top": "top",
    "shorts": "shorts",
    "skirt": "skirt",
    "headwear": "hat",
    "scarf/tie": "scarf",
}


@dataclass(frozen=True)
class Question:
    """One attribute, the classes that it is asked of, and its values.

    Parameters
    ----------
    attribute : str
        As in `garment_tags`.
    classes : frozenset of str
    phrases : mapping of str to tuple of str
        Value → ways to say it, each with `{garment}` for the noun of the class. A
        value's chance is the sum over its phrases, so that "other" can be many
        things.
    """

    attribute: str
    classes: frozenset[str]
    phrases: Mapping[str, tuple[str, ...]]


QUESTIONS = (
    # pieces of cloth large enough to show a pattern; not leather goods and glasses
    Question(
        "pattern",
        frozenset(
            {
                "dress",
                "headwear",
                "outer",
                "pants",
                "scarf/tie",
                "shorts",
                "skirt",
                "top",
            }
        ),
        {
            "solid": ("a plain {garment} of one colour",),
            "striped": ("a striped {garment}",),
            "checked": ("a checked {garment}", "a plaid {garment}"),
            "dotted": ("a {garment} with polka dots",),
            "floral": ("a {garment} with a floral print",),
            "graphic": ("a {garment} with a graphic print or lettering",),
            "other": (
                "a {garment} with an animal print",
                "a {garment} with an abstract print",
            ),
        },
    ),
    Question(
        "sleeve",
        frozenset({"dress", "outer", "top"}),
        {
            "long": ("a {garment} with long sleeves",),
            "short": ("a {garment} with short sleeves",),
            "sleeveless": ("a sleeveless {garment}",),
        },
    ),
    Question(
        "length",
        frozenset({"pants"}),
        {
            "long": ("full-length {garment}",),
            "cropped": ("cropped {garment} that end above the ankle",),
        },
    ),
    Question(
        "length",
        frozenset({"dress", "skirt"}),
        {
            "short": ("a short {garment} that ends above the knee",),
            "midi": ("a midi {garment} that ends below the knee",),
            "long": ("a long {garment} that ends at the ankle",),
        },
    ),
)


def choose_questions(
    attributes: Iterable[str], fine_categories: Mapping[str, Sequence[str]]
) -> list[Question]:
    """Return the questions of the attributes asked for.

    Parameters
    ----------
    attributes : iterable of str
    fine_categories : mapping of str to sequence of str
        Class → what it is divided into; classes of one fine category are not asked
        about.

    Raises
    ------
    SettingsError
        If there is no question for an attribute.
    """
    asked = list(dict.fromkeys(attributes))
    known = {one.attribute for one in QUESTIONS} | {FINE_CATEGORY}
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise SettingsError(
            f"expected attributes of {', '.join(sorted(known))}, "
            f"got {', '.join(map(repr, unknown))}; mend TRENDLAB_CLIP_ATTRIBUTES"
        )
    questions = [one for one in QUESTIONS if one.attribute in asked]
    if FINE_CATEGORY in asked:
        questions += [
            Question(
                FINE_CATEGORY, frozenset({name}), {value: (value,) for value in values}
            )
            for name, values in fine_categories.items()
            if len(values) > 1
        ]
    return questions


def write_prompts(question: Question, category: str) -> list[tuple[str, list[str]]]:
    """Return each phrase of a question about a class: its value and its prompts.

    Returns
    -------
    list of (value, prompts)
        As many prompts as there are templates.
    """
    noun = NOUNS.get(category, category)
    return [
        (value, [template.format(phrase) for template in TEMPLATES])
        for value, said in question.phrases.items()
        for phrase in (one.format(garment=noun) for one in said)
    ]
