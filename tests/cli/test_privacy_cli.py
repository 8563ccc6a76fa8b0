"""The verbs that erase ask first, name nobody, and end with the right code."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.steps.forgetting import DAY, HANDLE, NEXT, TRACES, build_home, traces_in
from trendlab.cli import case, privacy  # noqa: F401
from trendlab.cli.app import app
from trendlab.errors import SettingsError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("TRENDLAB_RETENTION", raising=False)
    return build_home(tmp_path / "home")


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--home", str(home)])


def test_forget_previews_asks_and_erases(home):
    asked = ("forget", "--source", "photos", "--author", "@" + HANDLE)

    shown = run(home, *asked, "--dry-run")
    unsure = run(home, *asked)
    before = traces_in(home)
    done = run(home, *asked, "--yes", "--no-compute")

    assert (shown.exit_code, done.exit_code) == (0, 0)
    assert "posts: 3 rows would be erased" in shown.output
    # no terminal to ask at: the command line makes exit code 2 of it
    assert isinstance(unsure.exception, SettingsError)
    assert before
    assert traces_in(home) == []
    assert "posts: 3 rows erased" in done.output
    assert not any(trace in done.output for trace in TRACES)


def test_a_case_is_made_and_verify_ends_with_1_where_it_was_changed(home):
    span = ("--from", str(DAY), "--to", str(NEXT))
    made = run(home, "case", "create", "--tracker", "coats", *span)
    (folder,) = (home / "cases").iterdir()
    well = run(home, "case", "verify", str(folder))
    (folder / "posts.csv").chmod(0o644)
    (folder / "posts.csv").write_text("changed")

    changed = run(home, "case", "verify", str(folder))

    assert (made.exit_code, well.exit_code, changed.exit_code) == (0, 0, 1)
    assert "head, to be noted elsewhere: " in made.output
    assert "changed: posts.csv" in changed.output


def test_retention_without_a_period_says_so(home):
    assert "no period is set" in run(home, "retention").output


def test_retention_takes_its_periods_from_the_environment(home, monkeypatch):
    monkeypatch.setenv("TRENDLAB_RETENTION", "quarantine=20")

    shown = run(home, "retention", "--dry-run")

    assert shown.exit_code == 0
    assert "quarantine: 2 rows before" in shown.output
