"""`simulate` writes a world into the lake, twice the same, and never over another."""

import hashlib

import pyarrow.compute as pc
import pytest

from trendlab.errors import SettingsError
from trendlab.lake import Lake
from trendlab.sources.world import default_cities, read_truth
from trendlab.steps.simulate import simulate_world
from trendlab.trackers import load_trackers

SMALL = {"weeks": 2, "posts_per_day": 25, "city_count": 2, "cities": default_cities()}


def digest(home):
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file() and path.suffix in {".parquet", ".json", ".yml"}
    }


def test_a_world_is_written_with_its_trackers_and_truth(tmp_path):
    lake = Lake(tmp_path / "lake")
    seen = []
    report = simulate_world(
        lake, tmp_path, **SMALL, progress=lambda *told: seen.append(told)
    )
    truth = read_truth(tmp_path / "truth.json")
    assert truth == report.world.truth
    trackers = load_trackers(tmp_path / "trackers.yml")
    assert lake.days("posts")[0] == truth.first_day
    assert len(lake.days("coverage")) == 14
    posts = lake.read_range("posts", truth.first_day, truth.last_day)
    assert posts.num_rows == report.rows["posts"] > 200
    garments = lake.read("garments", truth.last_day)
    assert set(garments["model_name"].to_pylist()) == {"simulated"}
    coverage = lake.read("coverage", truth.last_day).to_pylist()
    versions = {row["tracker"]: row["tracker_version"] for row in coverage}
    assert versions == {tracker.name: tracker.version for tracker in trackers}
    (book,) = lake.read("ingests", truth.last_day).to_pylist()
    assert book["read_count"] == book["accepted_count"] + book["rejected_count"]
    assert seen[-1] == ("simulate", 14, 14)
    assert any("planted" in line for line in report.lines())


def test_every_post_has_a_reading_a_day_later(tmp_path):
    lake = Lake(tmp_path / "lake")
    truth = simulate_world(lake, tmp_path, **SMALL).world.truth
    day = lake.days("posts")[3]
    posts = lake.read("posts", day)
    readings = lake.read("engagement", lake.days("engagement")[3])
    assert readings["post_id"].to_pylist() == posts["post_id"].to_pylist()
    assert pc.all(pc.greater(readings["day"], posts["day"])).as_py()
    assert lake.days("engagement")[-1] > truth.last_day


def test_writing_a_world_again_changes_nothing(tmp_path):
    for _ in range(2):
        simulate_world(Lake(tmp_path / "lake"), tmp_path, **SMALL)
        once = digest(tmp_path)
    again = tmp_path / "again"
    simulate_world(Lake(again / "lake"), again, **SMALL)
    assert digest(again) == {
        name: hashed for name, hashed in once.items() if not name.startswith("again")
    }


def test_another_world_is_never_written_over_this_one(tmp_path):
    lake = Lake(tmp_path / "lake")
    simulate_world(lake, tmp_path, **SMALL)
    before = digest(tmp_path)
    with pytest.raises(SettingsError, match=r"truth\.json is there already"):
        simulate_world(lake, tmp_path, **SMALL, seed=2)
    assert digest(tmp_path) == before


def test_trackers_of_the_user_are_never_overwritten(tmp_path):
    (tmp_path / "trackers.yml").write_text("trackers:\n  - name: mine\n")
    with pytest.raises(SettingsError, match=r"trackers\.yml is there already"):
        simulate_world(Lake(tmp_path / "lake"), tmp_path, **SMALL)
    assert not (tmp_path / "truth.json").exists()


def test_photos_are_attached_and_garments_left_to_the_detector(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.JPG").write_bytes(b"%d" % number)
    (folder / "notes.txt").write_text("no photo")
    lake = Lake(tmp_path / "lake")
    report = simulate_world(lake, tmp_path, **SMALL, photos=folder)
    assert report.photos_count == 5
    assert lake.days("garments") == []
    assert any("5 posts carry real photos" in line for line in report.lines())


def test_a_folder_without_photos_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="folder of photos"):
        simulate_world(Lake(tmp_path), tmp_path, photos=tmp_path / "none", **SMALL)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingsError, match="holds no photos"):
        simulate_world(Lake(tmp_path), tmp_path, photos=tmp_path / "empty", **SMALL)
