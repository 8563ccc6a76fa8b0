"""The command line: every verb explains itself, and exit codes tell what happened."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from trendlab.cli import (  # noqa: F401
    case,
    collect,
    compute,
    events,
    influence,
    look,
    media,
    peaks,
    privacy,
    series,
    vision,
    warehouse,
)
from trendlab.cli.app import app, parse_range
from trendlab.errors import SettingsError

# verbs that other parts of the project, and its users, count on by name
VERBS = {
    "ingest", "simulate", "match", "detect", "tag", "sentiment", "activity",
    "signals", "load", "marts", "alert", "review", "report", "nightly", "rebuild",
    "migrate", "sql", "db", "doctor", "demo", "peaks", "weekly", "forget", "case",
    "retention", "evaluate", "train", "similar", "media",
}  # fmt: skip
SUBVERBS = {
    "alert": {"raise", "send", "ack", "backtest", "notice"},
    "review": {"export", "import"},
    "db": {"start", "stop", "url"},
    "case": {"create", "verify"},
    "evaluate": {"detector"},
    "train": {"detector"},
}
# these take files and give files; they have no data folder
FILE_VERBS = {"events", "forecast", "influence", "peaks", "train"}
TREE = typer.main.get_command(app)


def leaves() -> list[list[str]]:
    found = []
    for name, verb in sorted(TREE.commands.items()):
        if hasattr(verb, "commands"):
            found += [[name, sub] for sub in sorted(verb.commands)]
        else:
            found.append([name])
    return found


def trendlab(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from trendlab.cli import main; main()", *words]
    return subprocess.run(
        command,
        env={**os.environ, "TRENDLAB_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_verbs_that_users_count_on_are_there():
    assert set(TREE.commands) >= VERBS
    for verb, wanted in SUBVERBS.items():
        assert set(TREE.commands[verb].commands) >= wanted


@pytest.mark.parametrize("words", leaves(), ids=" ".join)
def test_every_verb_helps_with_an_example(words):
    shown = CliRunner().invoke(app, [*words, "--help"])
    assert shown.exit_code == 0
    told = " ".join(shown.output.split())
    assert "Example: " in told
    assert f"trendlab {' '.join(words)}" in told
    assert ("--home" in told) != (words[0] in FILE_VERBS)


def test_misuse_ends_with_2(tmp_path):
    assert trendlab("frobnicate", home=tmp_path).returncode == 2
    assert trendlab("nightly", "--day", "tomorrow", home=tmp_path).returncode == 2
    assert trendlab("detect", "--images", str(tmp_path), home=tmp_path).returncode == 2
    days = ("--from", "2026-02-01", "--to", "2026-01-01")
    done = trendlab("exclude", "preview", *days, home=tmp_path)
    assert done.returncode == 2
    assert "lies after" in done.stderr


def test_a_missing_tracker_file_is_misuse_and_says_what_to_do(tmp_path):
    home = tmp_path / "home"
    done = trendlab("nightly", "--day", "2026-01-05", home=home)
    assert done.returncode == 2
    assert not home.exists()
    assert "no tracker file" in done.stderr
    assert "docs/trackers.md" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_tracker_file_names_file_line_and_field(tmp_path):
    (tmp_path / "trackers.yml").write_text(
        "trackers:\n  - name: streetstyle\n    time_zone: Mars/Olympus\n"
        "    hashtags: [streetstyle]\n"
    )
    done = trendlab("nightly", "--day", "2026-01-05", home=tmp_path)
    assert done.returncode == 2
    for told in ("trackers.yml:3:", "trackers[0].time_zone", "Mars/Olympus"):
        assert told in done.stderr


def test_a_question_without_a_warehouse_ends_with_1(tmp_path):
    done = trendlab("sql", "select 1", home=tmp_path)
    assert done.returncode == 1
    assert "trendlab nightly" in done.stderr


def test_a_wrong_setting_is_named_and_a_secret_is_not_shown(tmp_path):
    env = {
        **os.environ,
        "TRENDLAB_HOME": str(tmp_path),
        "TRENDLAB_WORKERS": "many",
        "TRENDLAB_WAREHOUSE_URL": "postgresql://u:hunter2@nowhere/x",
    }
    done = subprocess.run(
        [sys.executable, "-c", "from trendlab.cli import main; main()", "doctor"],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert "TRENDLAB_WORKERS" in done.stderr
    assert "hunter2" not in done.stderr + done.stdout


def test_a_night_of_the_future_is_refused(tmp_path):
    (tmp_path / "trackers.yml").write_text(
        "trackers:\n  - name: street\n    hashtags: [streetstyle]\n"
    )
    done = trendlab("nightly", "--day", "2099-01-01", home=tmp_path)
    assert done.returncode == 2
    assert "2099-01-01 lies in the future" in done.stderr
    assert not (tmp_path / "lake" / "activity").exists()


def test_the_demo_refuses_a_folder_that_is_not_a_demo(tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    done = trendlab("demo", "--home", str(tmp_path), home=tmp_path)
    assert done.returncode == 2
    assert (tmp_path / "precious.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ((None, None, None), (None, None)),
        (("2026-01-05", None, None), ("2026-01-05", "2026-01-05")),
        ((None, "2026-01-05", "2026-01-06"), ("2026-01-05", "2026-01-06")),
    ],
)
def test_ranges_are_read(given, wanted):
    first, last = parse_range(*given)
    told = (first and first.isoformat(), last and last.isoformat())
    assert told == wanted


@pytest.mark.parametrize(
    "given",
    [
        ("2026-01-05", "2026-01-01", None),
        (None, "2026-01-06", "2026-01-05"),
        ("2026-02-30", None, None),
    ],
)
def test_ranges_that_make_no_sense_are_refused(given):
    with pytest.raises(SettingsError):
        parse_range(*given)


def test_the_night_downloads_no_photos_unless_it_is_set(tmp_path):
    words = ["media", "--night", "--day", "2026-03-01", "--home", str(tmp_path)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    assert done.output == "media: not asked for (TRENDLAB_MEDIA is off)\n"


def test_photos_of_an_empty_home_are_none(tmp_path):
    done = CliRunner().invoke(app, ["media", "--home", str(tmp_path)])
    assert done.exit_code == 0
    assert done.output.startswith("media: 0 of 0 photos stored")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["alert", "send"], "nothing to send: no alert was raised yet"),
        (["ingest", "--trackers"], "nothing was fetched: no live source is set up"),
    ],
)
def test_verbs_that_found_nothing_to_do_say_so(tmp_path, monkeypatch, words, told):
    for name in [name for name in os.environ if name.startswith("TRENDLAB_")]:
        monkeypatch.delenv(name)
    (tmp_path / "trackers.yml").write_text(
        "trackers:\n  - name: street\n    hashtags: [streetstyle]\n"
    )
    done = CliRunner().invoke(app, [*words, "--home", str(tmp_path)])
    assert done.exit_code == 0
    assert done.output.startswith(told)


def test_a_role_that_is_not_there_is_refused_before_anything_is_made(tmp_path):
    home = tmp_path / "home"
    done = trendlab("db", "url", "--role", "king", home=home)
    assert done.returncode == 2
    assert "'king' is not one of 'analyst', 'loader', 'owner'" in done.stderr
    assert not home.exists()


@pytest.mark.parametrize("words", [["--to", "2026-03-01"], []])
def test_the_nights_photos_want_a_day(tmp_path, words):
    asked = ["media", "--night", *words, "--home", str(tmp_path)]
    assert isinstance(CliRunner().invoke(app, asked).exception, SettingsError)
