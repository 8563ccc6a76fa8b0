"""Styles: planted ones are found, chance gives none, and they are known again."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from scipy.optimize import linear_sum_assignment

from bench.style_worlds import draw_days, looks_of
from trendlab.signals.styles import (
    LOOKS,
    Attributes,
    Styles,
    assign_styles,
    find_styles,
    match_styles,
)
from trendlab.signals.styles.looks import describe_looks, name_attributes
from trendlab.signals.styles.mixture import Mixture
from trendlab.signals.styles.tables import (
    example_rows,
    name_fit,
    read_styles,
    style_rows,
    tell_style,
)

LAST_DAY = date(2026, 3, 1)
MONDAY = date(2025, 12, 29)


def looks(*rows: tuple[list[str], list[str]]) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "model_name": "street",
                "garments": "|".join(garments),
                "colours": "|".join(colours),
            }
            for garments, colours in rows
        ],
        schema=LOOKS,
    )


@pytest.fixture(scope="module")
def world() -> tuple[pa.Table, list[str], Styles]:
    """Give looks of a year, the styles planted in them and those found."""
    days, _ = draw_days(LAST_DAY, weeks=52, looks_count=120)
    drawn, planted = looks_of(days)
    found = find_styles(drawn)
    assert found is not None
    return drawn, planted, found


def test_the_planted_styles_are_found_in_their_number(world):
    drawn, planted, found = world
    assert found.mixture.count == len(set(planted)) == 6
    # 0.94 with the 12,000 looks of a real fit; these are half as many
    assert found.agreement > 0.85
    assert found.gain > 0.3
    assert found.looks_count == drawn.num_rows


def test_most_looks_are_given_the_style_that_they_were_drawn_from(world):
    drawn, planted, found = world
    style, chance = assign_styles(found, drawn)
    names = sorted(set(planted))
    both = np.zeros((found.mixture.count, len(names)))
    np.add.at(both, (style, [names.index(one) for one in planted]), 1)
    rows, columns = linear_sum_assignment(-both)
    # 0.77 is what the true chances would give
    assert both[rows, columns].sum() / len(planted) > 0.72
    assert ((chance > 0) & (chance <= 1)).all()


def test_a_style_is_told_by_what_it_has_more_than_the_average_look(world):
    _, _, found = world
    told = [tell_style(found, at) for at in range(found.mixture.count)]
    utility = [garments for garments, colours in told if colours[0] == "green"]
    assert len(utility) == 1
    assert {"pants", "boots", "outer", "belt"} == set(utility[0])
    assert all("none" not in garments for garments, _ in told)


def test_styles_are_known_again_in_another_order(world):
    drawn, _, found = world
    order = [3, 1, 5, 0, 2, 4]
    mixed = Styles(
        found.attributes,
        Mixture(
            found.mixture.log_weights[order],
            found.mixture.log_chances[order],
        ),
        found.agreement,
        found.gain,
        found.looks_count,
    )
    assert match_styles(mixed, found, drawn) == [(at, 1.0) for at in order]


def test_a_style_that_was_not_there_before_is_new(world):
    drawn, _, found = world
    fewer = Styles(
        found.attributes,
        Mixture(found.mixture.log_weights[:4], found.mixture.log_chances[:4]),
        found.agreement,
        found.gain,
        found.looks_count,
    )
    matched = match_styles(found, fewer, drawn)
    assert sum(one is None for one in matched) >= 2
    assert match_styles(fewer, found, drawn)[0] is not None


def test_rows_tell_the_fit_and_give_it_back(world):
    drawn, _, found = world
    rows = style_rows(drawn, LOOKS.empty_table(), week=MONDAY, run_id="run")
    assert rows["style_id"].to_pylist() == [f"2026Q1-{rank}" for rank in range(1, 7)]
    assert rows["matched_style_id"].null_count == rows.num_rows
    assert sum(rows["share"].to_pylist()) == pytest.approx(1.0)
    ids, restored = read_styles(rows)["simulated"]
    assert ids == rows["style_id"].to_pylist()
    style, _ = assign_styles(restored, drawn)
    assert style.tolist() == assign_styles(found, drawn)[0].tolist()


def test_examples_are_the_surest_of_their_style(world):
    drawn, _, found = world
    numbers = pa.array([f"p{n}" for n in range(drawn.num_rows)])
    zeros = pa.array([0] * drawn.num_rows)
    told = drawn.append_column("post_id", numbers)
    for name in ("media_index", "look_index"):
        told = told.append_column(name, zeros)
    told = told.append_column("source", pa.array(["files"] * drawn.num_rows))
    ids = [name_fit(MONDAY, rank) for rank in range(1, 7)]
    rows = example_rows(
        told,
        {"simulated": (ids, found)},
        week=MONDAY,
        fitted_on=MONDAY,
        run_id="run",
    ).to_pylist()
    style, chance = assign_styles(found, drawn)
    assert len(rows) == 6 * 3
    for row in rows:
        at = int(row["post_id"][1:])
        assert ids[style[at]] == row["style_id"]
        others = chance[style == style[at]]
        assert (others > chance[at]).sum() < 3


def test_where_everything_goes_with_everything_there_are_no_styles():
    rng = np.random.default_rng(5)
    rows = []
    for _ in range(3_000):
        garments = [
            str(rng.choice(["dress", "pants", "skirt"], p=[0.3, 0.5, 0.2])),
            *(one for one in ("bag", "belt", "outer") if rng.random() < 0.4),
        ]
        colours = rng.choice(["red", "blue", "black"], len(garments)).tolist()
        rows.append((garments, colours))
    assert find_styles(looks(*rows)) is None


def test_too_few_looks_have_no_styles(world):
    drawn, _, _ = world
    assert find_styles(drawn.slice(0, 1_999)) is None
    assert find_styles(drawn.slice(0, 1)) is None
    assert find_styles(LOOKS.empty_table()) is None


def test_a_model_without_styles_has_no_rows(world):
    drawn, _, _ = world
    few = drawn.slice(0, 100)
    assert style_rows(few, few, week=MONDAY, run_id="run").num_rows == 0


def test_a_place_holds_one_garment_and_extras_are_worn_or_not():
    two = looks(
        (["bag", "boots", "dress", "top"], ["red", "red", "blue"]),
        (["pants", "skirt"], ["blue"]),
    )
    attributes = name_attributes(two)
    assert attributes.names == (
        "legs:dress", "legs:pants", "legs:skirt", "legs:none",
        "feet:boots", "feet:none",
        "bag:worn", "bag:none",
        "colour:blue", "colour:red",
    )  # fmt: skip
    assert attributes.blocks == ((0, 4), (4, 6), (6, 8), (8, 10))
    assert Attributes.of(attributes.names) == attributes
    assert describe_looks(two, attributes).tolist() == [
        [1, 0, 0, 0, 1, 0, 1, 0, 1, 2],
        # seen in both, pants and skirt share the place
        [0, 0.5, 0.5, 0, 0, 1, 0, 1, 1, 0],
    ]


def test_what_the_fit_does_not_know_is_left_out():
    known = name_attributes(looks((["bag", "pants"], ["blue", "red"])))
    vector = describe_looks(looks((["shorts", "belt"], ["green"])), known)[0]
    told = dict(zip(known.names, vector.tolist(), strict=True))
    assert told["legs:none"] == told["bag:none"] == 1
    assert sum(told.values()) == 2


@pytest.mark.parametrize(
    ("week", "style_id"),
    [(date(2025, 12, 29), "2026Q1-2"), (date(2026, 3, 30), "2026Q2-2")],
)
def test_a_style_is_named_by_the_quarter_of_its_sunday(week, style_id):
    assert name_fit(week, 2) == style_id
