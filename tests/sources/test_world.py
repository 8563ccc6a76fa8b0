"""The simulated world: the same from the same seed, fit for the lake, as planted."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.world import quiet_days, small_world, tables_of, write_trackers
from trendlab.errors import SettingsError
from trendlab.lake import check_rows
from trendlab.schemas import TABLES
from trendlab.sources.world import (
    PlantedDip,
    TrackerPlan,
    WorldConfig,
    default_cities,
    read_truth,
    simulate,
)

DAY = timedelta(days=1)
DRAWN = {"garments", "garment_tags", "looks"}
COLLECTED = {"posts", "comments", "media", "engagement", "authors", "coverage"}


def test_the_same_seed_gives_the_same_world():
    config = WorldConfig(weeks=9, posts_per_day=60)
    first, second = simulate(config), simulate(config)
    assert first.truth == second.truth
    assert first.trackers_yaml == second.trackers_yaml
    day = first.truth.last_day
    assert first.day(day) == second.day(day)


def test_another_seed_gives_another_world():
    day = small_world().truth.last_day
    other = small_world(seed=2)
    assert small_world().day(day)["posts"] != other.day(day)["posts"]


def test_a_day_is_the_same_whichever_days_were_drawn_before():
    world = small_world()
    last = world.truth.last_day
    in_order = dict(world.days(last - 3 * DAY, last))
    alone = simulate(world.config).day(last)
    backwards = [world.day(last - i * DAY) for i in range(4)]
    assert in_order[last] == alone == backwards[0]
    assert in_order[last - 3 * DAY] == backwards[3]


@pytest.mark.parametrize("is_null", [False, True])
def test_every_row_may_enter_the_lake(is_null):
    world = small_world(is_null=is_null)
    truth = world.truth
    run = (*truth.peaks, *truth.dips)
    wanted = {truth.first_day, truth.last_day, *truth.missing_days}
    wanted |= {one.start_on for one in run} | set(truth.partial_days)
    for day in sorted(wanted):
        tables = world.day(day)
        assert set(tables) == COLLECTED | DRAWN
        for name, rows in tables.items():
            accepted, rejected = check_rows(TABLES[name], rows)
            assert rejected == []
            assert accepted.schema == TABLES[name].arrow
            on = day + DAY if name == "engagement" else day
            assert set(rows["day"].to_pylist()) <= {on}


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**63 - 1),
    weeks=st.integers(1, 3),
    posts_per_day=st.floats(0.01, 40),
    city_count=st.integers(1, 6),
    last_day=st.dates(date(1992, 1, 1), date(2099, 12, 31)),
    photo_share=st.floats(0, 1),
)
def test_worlds_of_any_shape_fit_the_lake(last_day, **shape):
    world = simulate(WorldConfig(last_day=last_day, **shape))
    for day in (world.truth.first_day, last_day):
        for name, rows in world.day(day).items():
            assert check_rows(TABLES[name], rows)[1] == []


def test_days_are_not_held_once_they_are_passed_on():
    world = small_world()
    next(world.days())
    before = pa.total_allocated_bytes()
    for _, tables in world.days():
        one_day = sum(rows.nbytes for rows in tables.values())
    del tables
    assert pa.total_allocated_bytes() - before < 5 * one_day


def test_rows_are_sorted_by_their_key_and_keys_are_unique():
    tables = small_world().day(small_world().truth.last_day)
    for name, rows in tables.items():
        keys = list(
            zip(*(rows[column].to_pylist() for column in TABLES[name].key), strict=True)
        )
        assert keys == sorted(set(keys)), name


def test_what_refers_to_a_post_finds_it():
    world = small_world()
    last = world.truth.last_day
    tables = world.day(last)
    own = set(tables["posts"]["post_id"].to_pylist())
    before = set(world.day(last - DAY)["posts"]["post_id"].to_pylist())
    for name in ("media", "engagement", *DRAWN):
        assert set(tables[name]["post_id"].to_pylist()) <= own
    commented = set(tables["comments"]["post_id"].to_pylist())
    assert commented <= own | before
    assert commented & before
    photos = set(
        zip(
            tables["media"]["post_id"].to_pylist(),
            tables["media"]["media_index"].to_pylist(),
            strict=True,
        )
    )
    seen = zip(
        tables["garments"]["post_id"].to_pylist(),
        tables["garments"]["media_index"].to_pylist(),
        strict=True,
    )
    assert set(seen) <= photos


def test_comments_follow_the_posts_they_stand_under():
    world = small_world()
    last = world.truth.last_day
    tables = tables_of(world, last - DAY, last)
    posted = dict(
        zip(
            tables["posts"]["post_id"].to_pylist(),
            tables["posts"]["created_at"].to_pylist(),
            strict=True,
        )
    )
    for row in world.day(last)["comments"].to_pylist():
        assert row["created_at"] >= posted[row["post_id"]]


def test_all_times_of_a_day_lie_in_the_day():
    world = small_world()
    for day, tables in world.days(world.truth.last_day - 6 * DAY):
        for name in ("posts", "comments"):
            on = {moment.date() for moment in tables[name]["created_at"].to_pylist()}
            assert on == {day}


def test_likes_are_read_at_equal_age_and_some_are_hidden():
    posts = tables_of(small_world(), small_world().truth.last_day - 20 * DAY)["posts"]
    age = pc.subtract(posts["observed_at"], posts["created_at"]).unique().to_pylist()
    assert age == [timedelta(days=1)]
    hidden = posts["likes_count"].null_count / posts.num_rows
    assert 0.05 < hidden < 0.25


def test_the_tracker_file_matches_the_world(tmp_path):
    from trendlab.places.locate import locate_posts
    from trendlab.trackers import load_trackers, match_posts

    world = small_world()
    trackers = load_trackers(write_trackers(world, tmp_path))
    assert [tracker.name for tracker in trackers] == list(world.truth.trackers)
    day = world.truth.last_day
    posts = world.day(day)["posts"]
    located = locate_posts(posts, world.cities)
    matched = match_posts(posts, trackers, located, day=day, run_id="r")
    everyone = matched.filter(pc.equal(matched["tracker"], "all"))
    assert everyone.num_rows == posts.num_rows
    excluded = pc.sum(everyone["is_excluded"]).as_py() / everyone.num_rows
    assert 0 < excluded < 0.1
    cities = set(matched["city"].to_pylist())
    assert cities == {*world.truth.cities, "unknown"}
    sources = set(matched["city_source"].to_pylist())
    assert sources == {"coordinates", "place_name", "profile", "none"}
    unknown = pc.mean(pc.equal(everyone["city"], "unknown")).as_py()
    assert 0.08 < unknown < 0.3


def test_counts_are_overdispersed():
    world = small_world(is_null=True, weeks=80)
    from trendlab.sources.world.posts import draw_counted

    quiet = quiet_days(world, "velmora")
    plan = world._plan
    drawn = np.array([len(draw_counted(plan, day)) for day in quiet])
    expected = np.array([plan.rates[plan.day_index(day)].sum() for day in quiet])
    pearson = np.mean((drawn - expected) ** 2 / expected)
    assert 1.4 < pearson < 4
    assert abs(drawn.sum() / expected.sum() - 1) < 0.02


def test_days_without_ingestion_are_empty_and_say_so():
    world = small_world()
    (missing,) = world.truth.missing_days
    tables = world.day(missing)
    assert set(tables["coverage"]["status"].to_pylist()) == {"none"}
    assert all(
        rows.num_rows == 0 for name, rows in tables.items() if name != "coverage"
    )
    (partial,) = world.truth.partial_days
    half, whole = world.day(partial), world.day(partial + 7 * DAY)
    assert set(half["coverage"]["status"].to_pylist()) == {"partial"}
    assert half["posts"].num_rows < 0.8 * whole["posts"].num_rows


def test_coverage_carries_the_versions_given():
    config = WorldConfig(weeks=2)
    versions = {tracker.name: f"v-{tracker.name}" for tracker in config.trackers}
    day = config.last_day
    rows = simulate(config, versions=versions).day(day)["coverage"].to_pylist()
    assert {row["tracker"]: row["tracker_version"] for row in rows} == versions
    with pytest.raises(SettingsError, match="velmora"):
        simulate(config, versions={"denim": "1", "streetstyle": "1", "vintage": "1"})


def test_the_truth_survives_its_file(tmp_path):
    for world in (small_world(), small_world(is_null=True)):
        path = tmp_path / "truth.json"
        path.write_text(world.truth.to_json())
        assert read_truth(path) == world.truth


def test_a_file_that_is_no_truth_is_refused(tmp_path):
    path = tmp_path / "truth.json"
    for text in ("", "[]", '{"seed": 1}', '{"peaks": [{"name": 1}]}'):
        path.write_text(text)
        with pytest.raises(SettingsError, match="not the truth"):
            read_truth(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_truth(tmp_path / "none.json")


def test_another_table_of_cities_can_be_given():
    names = ["city", "name", "country_code", "region", "lat", "lon"]
    rows = [("rome", "Rome", "IT", "Europe", 41.89, 12.51)]
    rows += [("oslo", "Oslo", "NO", "Europe", 59.91, 10.75)]
    cities = TABLES["cities"].from_rows(
        [
            {
                **dict(zip(names, row, strict=True)),
                "radius_km": 30.0,
                "time_zone": "UTC",
            }
            for row in rows
        ]
    )
    world = simulate(WorldConfig(weeks=3, city_count=2), cities=cities)
    assert world.truth.cities == ("rome", "oslo")
    with pytest.raises(SettingsError, match="city_count must be at most the 2"):
        simulate(WorldConfig(weeks=3, city_count=3), cities=cities)


def test_towns_elsewhere_are_far_from_every_city_given():
    assert ("Reykjavik", 64.1466, -21.9426) in small_world()._plan.elsewhere
    near = default_cities().to_pylist()
    near[0] |= {"city": "x", "lat": 64.0, "lon": -22.0}
    cities = TABLES["cities"].from_rows(near)
    plan = simulate(WorldConfig(weeks=3), cities=cities)._plan
    assert "Reykjavik" not in [name for name, _, _ in plan.elsewhere]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"weeks": 0}, "weeks must be 1 to"),
        ({"weeks": 10**6}, "weeks must be 1 to"),
        ({"weeks": 1.5}, "weeks must be a whole number"),
        ({"seed": -1}, "seed must be 0 to"),
        ({"posts_per_day": 0}, "posts_per_day must be above 0"),
        ({"posts_per_day": float("nan")}, "posts_per_day must be above 0"),
        ({"posts_per_day": 1e9}, "posts_per_day must be above 0 and at most"),
        ({"city_count": 0}, "city_count must be 1 to"),
        ({"photo_share": 1.1}, "photo_share must be 0 to 1"),
        ({"hidden_likes_share": float("nan")}, "hidden_likes_share must be 0 to 1"),
        ({"comments_per_post": -1.0}, "comments_per_post must be"),
        ({"missing_days": 400}, "at most half"),
        ({"last_day": date(1980, 1, 1)}, "last_day must lie between"),
        ({"last_day": date(1991, 1, 1)}, "begin before 1990"),
        ({"trackers": ()}, "at least one tracker"),
        ({"trackers": (TrackerPlan("all", 1.0, ("x",)),)}, "not be 'all'"),
        ({"trackers": (TrackerPlan("A B", 1.0, ("x",)),)}, "a tracker's name"),
        ({"trackers": (TrackerPlan("a", 0.0, ("x",)),)}, "share must be above 0"),
        ({"trackers": (TrackerPlan("a", 1.0, ()),)}, "needs a hashtag"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_name(wrong, message):
    with pytest.raises(SettingsError, match=message):
        WorldConfig(**wrong)


def test_a_day_outside_the_world_is_refused():
    with pytest.raises(SettingsError, match="is not in it"):
        small_world().day(date(1999, 1, 1))


def test_one_tracker_one_city_and_no_media_work():
    config = WorldConfig(
        weeks=8,
        posts_per_day=30,
        city_count=1,
        trackers=(TrackerPlan("solo", 1.0, ("solo",)),),
        photo_share=0.0,
        comments_per_post=0.0,
        events=3,
    )
    world = simulate(config)
    tables = tables_of(world)
    assert world.truth.influences == ()
    assert tables["comments"].num_rows == tables["garments"].num_rows == 0
    assert set(tables["media"]["media_kind"].to_pylist()) == {"cover"}
    assert isinstance(tables["posts"], pa.Table)
    assert all(isinstance(dip, PlantedDip) for dip in world.truth.dips)
