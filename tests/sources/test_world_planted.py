"""The simulated world: what is planted stands out as the truth says."""

from datetime import timedelta

import numpy as np
import pyarrow.compute as pc

from tests.world import days_between, quiet_days, small_world, tables_of
from trendlab.sources.world import WorldConfig, simulate
from trendlab.sources.world.vocabulary import BOUGHT_COMMENTS

DAY = timedelta(days=1)


def posts_of(world, tracker_number, day):
    """Return the captions of a tracker's posts: those with its tag, word or account."""
    plan = world.config.trackers[tracker_number]
    terms = (*(f"#{tag}" for tag in plan.hashtags), *plan.keywords)
    terms += tuple(f"@{account}" for account in plan.accounts)
    captions = world.day(day)["posts"]["caption"].to_pylist()
    return [text for text in captions if any(term in text for term in terms)]


def number_of(world, tracker):
    return world.truth.trackers.index(tracker)


def test_planted_peaks_stand_out():
    world = small_world()
    for peak in world.truth.peaks:
        number = number_of(world, peak.tracker)
        apex = posts_of(world, number, peak.apex_on)
        usual = [
            len(posts_of(world, number, day))
            for day in quiet_days(world, peak.tracker)[-30:]
        ]
        is_local = bool(peak.cities)
        assert len(apex) > (1.4 if is_local else 2.0) * np.median(usual)
        tagged = [text for text in apex if f"#{peak.hashtag}" in text]
        assert len(tagged) > 0.2 * len(apex)


def test_a_local_peak_stays_in_its_city():
    world = small_world()
    (local,) = [peak for peak in world.truth.peaks if peak.cities]
    posts = world.day(local.apex_on)["posts"].to_pylist()
    city = world.cities.filter(pc.equal(world.cities["city"], local.cities[0]))
    lat, lon = city["lat"][0].as_py(), city["lon"][0].as_py()
    placed = [
        abs(row["lat"] - lat) + abs(row["lon"] - lon) < 2
        for row in posts
        if local.hashtag in row["hashtags"] and row["lat"] not in (None, 0.0)
    ]
    assert placed
    assert all(placed)


def test_the_drivers_of_a_peak_post_much_and_are_mentioned():
    world = small_world()
    peak = world.truth.peaks[0]
    posts = world.day(peak.apex_on)["posts"]
    theme = [row for row in posts.to_pylist() if peak.hashtag in row["hashtags"]]
    by_driver = [row for row in theme if row["author_id"] in peak.author_ids]
    assert 0.1 < len(by_driver) / len(theme) < 0.4
    handles = {one.handle for one in world.truth.influencers if peak.name in one.peaks}
    mentioning = [row for row in theme if handles & set(row["mentions"])]
    assert len(mentioning) > 0.2 * len(theme)


def test_influencers_post_in_the_trackers_that_the_truth_names():
    world = small_world()
    truth = world.truth
    (many, *_) = [one for one in truth.influencers if len(one.trackers) > 1]
    last = truth.peaks[0].start_on - DAY
    posts = tables_of(world, last - 60 * DAY, last)["posts"]
    own = posts.filter(pc.equal(posts["author_id"], many.author_id))
    tags = {tag for row in own["hashtags"].to_pylist() for tag in row}
    for name in many.trackers:
        plan = world.config.trackers[number_of(world, name)]
        assert tags & set(plan.hashtags)
    assert own["author_followers_count"][0].as_py() >= many.followers_count * 0.8


def test_a_suspect_gains_followers_overnight():
    world = small_world()
    (suspect,) = world.truth.suspects
    before, after = suspect.jump_on - 40 * DAY, world.truth.last_day
    posts = tables_of(world, before, after)["posts"]
    own = posts.filter(pc.equal(posts["author_id"], suspect.author_id)).to_pylist()
    low = [r["author_followers_count"] for r in own if r["day"] < suspect.jump_on]
    high = [r["author_followers_count"] for r in own if r["day"] >= suspect.jump_on]
    assert min(high) > 2.5 * max(low)


def test_strangers_leave_bought_comments_under_a_suspects_posts_alone():
    world = small_world()
    (suspect,) = world.truth.suspects
    since = suspect.copies_from_on
    tables = tables_of(world, since - 14 * DAY, world.truth.last_day)
    is_own = pc.equal(tables["posts"]["author_id"], suspect.author_id)
    own = tables["posts"].filter(is_own)["post_id"].to_pylist()
    bought = [
        row for row in tables["comments"].to_pylist() if row["text"] in BOUGHT_COMMENTS
    ]
    assert len(bought) > 20
    assert len({row["author_id"] for row in bought}) >= 5
    assert {row["post_id"] for row in bought} <= set(own)
    assert min(row["day"] for row in bought) >= since


def test_dips_raise_the_share_of_their_topic():
    world = small_world()
    for dip in world.truth.dips:
        number = number_of(world, dip.tracker)
        texts = [
            text
            for day in days_between(dip.start_on, dip.end_on)
            for text in posts_of(world, number, day)
        ]
        about = [text for text in texts if dip.words[0] in text or dip.hashtag in text]
        assert 0.5 * dip.topic_share < len(about) / len(texts) < 1.1 * dip.topic_share
        quiet = posts_of(world, number, quiet_days(world, dip.tracker)[-1])
        assert not any(dip.hashtag in text for text in quiet)


def test_a_dip_with_a_count_factor_of_one_does_not_move_the_total():
    world = small_world(dips=12, weeks=104, peaks=0)
    still = [dip for dip in world.truth.dips if dip.count_factor == 1]
    ratios = []
    for dip in still:
        number = number_of(world, dip.tracker)
        usual = [
            len(posts_of(world, number, dip.start_on - 7 * weeks * DAY))
            for weeks in (1, 2)
        ]
        ratios.append(len(posts_of(world, number, dip.start_on)) / np.mean(usual))
    assert 0.8 < np.mean(ratios) < 1.2


def test_the_newest_weeks_hold_a_peak_and_a_dip():
    truth = simulate(WorldConfig(weeks=106)).truth
    assert len(truth.peaks) == 4
    assert len(truth.dips) == 3
    assert truth.dips[-1].end_on == truth.last_day
    assert truth.peaks[-1].end_on > truth.last_day - 14 * DAY
    assert truth.last_day.weekday() == 6


def test_runs_of_a_tracker_keep_apart_and_leave_a_baseline():
    for seed in range(5):
        truth = simulate(WorldConfig(seed=seed, peaks=8, dips=6)).truth
        for name in truth.trackers:
            runs = sorted(
                (run.start_on, run.end_on)
                for run in (*truth.peaks, *truth.dips)
                if run.tracker == name
            )
            starts = [start for start, _ in runs]
            assert all(start >= truth.first_day + 84 * DAY for start in starts)
            gaps = zip(runs[1:], runs[:-1], strict=True)
            assert all(later[0] > earlier[1] + 14 * DAY for later, earlier in gaps)


def test_a_short_world_plants_what_fits():
    truth = simulate(WorldConfig(weeks=6, posts_per_day=40, city_count=2)).truth
    assert truth.peaks
    assert all(run.start_on >= truth.first_day + 28 * DAY for run in truth.peaks)
    tiny = simulate(WorldConfig(weeks=1, posts_per_day=3, city_count=1))
    assert tiny.truth.peaks == tiny.truth.dips == ()
    assert sum(tables["posts"].num_rows for _, tables in tiny.days()) > 0


def test_a_null_world_plants_nothing():
    world = small_world(is_null=True)
    truth = world.truth
    planted = (truth.peaks, truth.dips, truth.influencers, truth.suspects)
    assert planted == ((), (), (), ())
    assert truth.events == truth.influences == ()
    counts = np.array(
        [world.day(day)["posts"].num_rows for day in quiet_days(world, "velmora")]
    )
    assert counts.max() < 2 * np.median(counts)


def test_a_null_world_has_the_same_noise():
    planted, null = small_world(), small_world(is_null=True)
    assert planted.truth.missing_days == null.truth.missing_days
    quiet = [
        day
        for day in quiet_days(planted, "velmora")
        if all(day in quiet_days(planted, name) for name in planted.truth.trackers)
    ]
    for day in quiet[:5]:
        assert planted.day(day)["posts"].num_rows == null.day(day)["posts"].num_rows
