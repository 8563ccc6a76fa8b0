"""What is worn in the simulated world: styles that lead and lag, events, noise."""

from datetime import timedelta
from itertools import pairwise

import numpy as np
import pyarrow.compute as pc
import pytest

from tests.world import small_world, tables_of
from trendlab.errors import SettingsError
from trendlab.sources import drawn_styles
from trendlab.sources.world import WorldConfig, simulate
from trendlab.sources.world.looks import MISSED, draw_worn
from trendlab.sources.world.posts import ALBUM_SHARE, draw_counted, draw_posts
from trendlab.sources.world.streams import Stream, day_rng
from trendlab.sources.world.styles import COLOURS, GARMENTS, STYLE_NAMES

WEEK = timedelta(weeks=1)
LAGS = range(7)


def logit(share):
    return np.log(share / (1 - share))


def lagged(source, target):
    """Correlate a source with a target at each lag."""
    weeks = len(source)
    return np.array(
        [np.corrcoef(source[: weeks - lag], target[lag:])[0, 1] for lag in LAGS]
    )


def edge_series(world, edge):
    """Return logit shares of both cities, less the mean of the other cities."""
    cities = world.truth.cities
    style = STYLE_NAMES.index(edge.style)
    shares = logit(world.style_shares[:, : len(cities), style])
    a, b = cities.index(edge.source_city), cities.index(edge.target_city)
    others = [i for i in range(len(cities)) if i not in (a, b)]
    shares = shares - shares[:, others].mean(axis=1, keepdims=True)
    return shares[:, a], shares[:, b]


def test_the_styles_named_apart_are_those_that_are_drawn():
    assert drawn_styles.STYLE_NAMES == STYLE_NAMES


def test_a_planted_edge_correlates_most_at_its_lag():
    for seed in range(1, 6):
        world = simulate(WorldConfig(seed=seed, influences=4))
        for edge in world.truth.influences:
            source, target = edge_series(world, edge)
            forward = lagged(source, target)
            assert np.argmax(forward) == edge.lag_weeks
            assert forward.max() > 0.5
            assert forward.max() > lagged(target, source).max() + 0.15


def test_a_null_world_has_no_edge():
    found = []
    for seed in range(1, 6):
        world = simulate(WorldConfig(seed=seed))
        null = simulate(WorldConfig(seed=seed, is_null=True))
        for edge in world.truth.influences:
            source, target = edge_series(null, edge)
            found.append(lagged(source, target)[1:].max())
    assert np.mean(found) < 0.3


def test_shares_of_looks_follow_the_planted_shares():
    world = small_world()
    last = world.truth.last_day
    first = last - 4 * WEEK + timedelta(days=1)
    looks = tables_of(world, first, last)["looks"]
    counted = {
        row["values"]: row["counts"]
        for row in pc.value_counts(looks["style"]).to_pylist()
    }
    expected = world.style_shares[-4:].mean(axis=(0, 1))
    for style, share in zip(STYLE_NAMES, expected, strict=True):
        assert counted[style] / looks.num_rows == pytest.approx(share, abs=0.05)


def test_style_shares_sum_to_one_and_are_finite():
    shares = small_world().style_shares
    assert np.isfinite(shares).all()
    assert shares.sum(axis=2) == pytest.approx(1)
    assert shares.min() > 0.01


def garment_share(world, garment, place, weeks):
    """Return the share of looks of a place with a garment, as worn."""
    plan = world._plan
    found = seen = 0
    for week in weeks:
        for ahead in range(7):
            day = week + timedelta(days=ahead)
            posts = draw_posts(plan, day, draw_counted(plan, day))
            rng = day_rng(plan.config.seed, Stream.LOOKS, day)
            here = posts.counted.place[posts.counted.place == place]
            worn = draw_worn(rng, plan, day, here)
            seen += len(here)
            found += (worn.garment == GARMENTS.index(garment)).sum()
    return found / seen


def test_seasons_change_what_is_worn_and_turn_round_in_the_south():
    world = simulate(WorldConfig(posts_per_day=150))
    monday = world.truth.last_day - timedelta(days=6)
    winter = [monday - week * WEEK for week in range(3, 7)]
    summer = [monday - week * WEEK for week in range(29, 33)]
    cities = world.truth.cities
    north, south = cities.index("paris"), cities.index("sao_paulo")
    cold = garment_share(world, "outer", north, winter)
    warm = garment_share(world, "outer", north, summer)
    assert cold > warm + 0.15
    assert garment_share(world, "outer", south, summer) > garment_share(
        world, "outer", south, winter
    )


def test_an_event_raises_its_colour_in_its_city_and_week_only():
    world = small_world(weeks=80)
    plan, truth = world._plan, world.truth
    event = next(one for one in truth.events if one.kind == "colour")
    place = truth.cities.index(event.city)

    def colour_share(week, where):
        count = 4000
        rng = np.random.default_rng(1)
        worn = draw_worn(rng, plan, week, np.full(count, where))
        return (worn.colour == COLOURS.index(event.value)).mean()

    assert event.is_yearly
    assert len(event.weeks) == 2
    assert event.weeks[1] - event.weeks[0] == 52 * WEEK
    for week in event.weeks:
        usual = colour_share(week - 2 * WEEK, place)
        assert colour_share(week, place) > usual + 0.3
        assert colour_share(week, place + 1) < usual + 0.1


def test_an_event_of_a_garment_raises_it():
    world = small_world(weeks=80, events=3)
    event = world.truth.events[2]
    assert event.kind == "garment"
    place = world.truth.cities.index(event.city)
    (week,) = event.weeks[:1]
    usual = garment_share(world, event.value, place, [week - 2 * WEEK])
    assert garment_share(world, event.value, place, [week]) > usual + 0.2


def test_captions_of_an_event_carry_its_words():
    world = small_world(weeks=80)
    event = world.truth.events[0]
    week = tables_of(world, event.weeks[0], event.weeks[0] + timedelta(days=6))
    before = tables_of(world, event.weeks[0] - WEEK, event.weeks[0] - timedelta(days=1))
    tagged = [event.hashtag in row for row in week["posts"]["hashtags"].to_pylist()]
    assert np.mean(tagged) > 0.05
    assert not any(
        event.hashtag in row for row in before["posts"]["hashtags"].to_pylist()
    )


def test_drawn_garments_look_like_a_detectors():
    world = small_world()
    last = world.truth.last_day
    tables = tables_of(world, last - 4 * WEEK, last)
    garments, looks = tables["garments"], tables["looks"]
    assert set(garments["model_name"].to_pylist()) == {"simulated"}
    assert set(looks["look_kind"].to_pylist()) == {"simulated"}
    assert set(garments["category"].to_pylist()) == set(GARMENTS)
    names = np.array(GARMENTS)[garments["category_id"].to_numpy()]
    assert (names == np.array(garments["category"].to_pylist())).all()
    assert set(tables["garment_tags"]["value"].to_pylist()) == set(COLOURS)
    score = garments["score"].to_numpy()
    assert 0.25 <= score.min() < score.max() < 1
    assert 0.6 < np.median(score) < 0.85
    right = garments["x_px"].to_numpy() + garments["width_px"].to_numpy()
    bottom = garments["y_px"].to_numpy() + garments["height_px"].to_numpy()
    assert right.max() <= 640
    assert bottom.max() <= 800
    assert 2 < garments.num_rows / looks.num_rows < 5
    photos = pc.sum(pc.equal(tables["media"]["media_kind"], "image")).as_py()
    assert 0.97 < looks.num_rows / photos <= 1


def test_garments_of_a_photo_are_numbered_by_falling_score():
    garments = small_world().day(small_world().truth.last_day)["garments"].to_pylist()
    for row, after in pairwise(garments):
        same = (row["post_id"], row["media_index"]) == (
            after["post_id"],
            after["media_index"],
        )
        if same:
            assert after["garment_index"] == row["garment_index"] + 1
            assert after["score"] <= row["score"]
        else:
            assert after["garment_index"] == 0


def test_small_things_are_missed_more_often():
    belt, dress = GARMENTS.index("belt"), GARMENTS.index("dress")
    assert MISSED[belt] > 2 * MISSED[dress]


def test_four_cities_of_the_default_world_have_a_hundred_looks_a_week():
    world = simulate()
    plan = world._plan
    expected = (
        plan.rates.sum(axis=1)[:, :6]
        * plan.config.photo_share
        # an album has 2 or 3 photos
        * (1 + 1.5 * ALBUM_SHARE)
        # posts whose place can be told
        * 0.85
    )
    weekly = expected.reshape(-1, 7, 6).sum(axis=1)
    assert (weekly[:, :4] > 100).mean() > 0.98


@pytest.fixture
def photos(tmp_path):
    paths = []
    for number in range(30):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(b"not decoded here %d" % number)
        paths.append(path)
    return tuple(paths)


def test_real_photos_are_attached_once_each_and_no_garments_are_drawn(photos):
    world = simulate(WorldConfig(weeks=2, posts_per_day=30, photos=photos))
    tables = tables_of(world)
    assert "garments" not in tables
    media = tables["media"].to_pylist()
    stored = [row for row in media if row["status"] == "stored"]
    assert {row["path"] for row in stored} == {str(path) for path in photos}
    assert len(stored) == len(photos)
    assert all(len(row["sha256"]) == 64 for row in stored)
    assert {row["path"] for row in media if row["status"] == "offered"} == {None}
    assert len({row["day"] for row in stored}) == 14


def test_photos_can_be_used_again(photos):
    config = WorldConfig(weeks=2, posts_per_day=30, photos=photos, photo_uses=3)
    media = tables_of(simulate(config))["media"].to_pylist()
    stored = [row["path"] for row in media if row["status"] == "stored"]
    assert all(stored.count(str(path)) == 3 for path in photos)


def test_a_photo_that_is_not_there_is_refused(tmp_path):
    config = WorldConfig(weeks=2, photos=(tmp_path / "none.jpg",))
    with pytest.raises(SettingsError, match="no such file"):
        simulate(config)
