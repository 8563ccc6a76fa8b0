"""Exit codes follow one rule: 2 where there is nothing to read, 1 where it failed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from typer.models import ArgumentInfo

from tests.cli.test_cli import TREE, leaves
from trendlab.cli import main

# Paths that verbs write; all others are read and must be there.
WRITTEN = {"curves", "forecasts_file", "home", "out_file", "out_folder", "quantiles"}


def verb_of(words: list[str]) -> Any:
    verb = TREE
    for word in words:
        verb = verb.commands[word]
    return verb


def paths_read() -> list[tuple[str, str]]:
    return [
        (" ".join(words), param.name)
        for words in leaves()
        for param in verb_of(words).params
        if param.type_descriptor.annotation is Path and param.name not in WRITTEN
    ]


def code_of(words: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["trendlab", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def given(param: Any, value: str) -> list[str]:
    is_argument = isinstance(param.type_descriptor.parameter_info, ArgumentInfo)
    return [value] if is_argument else [param.opts[0], value]


def words_for(words: list[str], missing: str, folder: Path) -> list[str]:
    """Write a command that is whole but for one path, at which there is nothing."""
    there = folder / "there"
    there.mkdir()
    (there / "file").write_text("x")
    command = [*words]
    for param in verb_of(words).params:
        told = param.type_descriptor
        if param.name == missing:
            command += given(param, str(folder / "nowhere"))
        elif param.required and told.annotation is Path:
            is_folder = not told.parameter_info.file_okay
            command += given(param, str(there if is_folder else there / "file"))
        elif param.required:
            command += given(param, "2026-01-05")
    return command


def test_verbs_that_read_paths_are_found():
    found = paths_read()
    assert len(found) > 10
    assert ("similar", "image") in found
    assert ("evaluate detector", "annotations") in found


@pytest.mark.parametrize(("words", "name"), paths_read())
def test_a_path_with_nothing_there_is_misuse(
    words: str,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
):
    home = tmp_path / "home"
    monkeypatch.setenv("TRENDLAB_HOME", str(home))

    command = words_for(words.split(), name, tmp_path)

    assert code_of(command, monkeypatch) == 2
    assert str(tmp_path / "nowhere") in capfd.readouterr().err.replace("\n", "")
    assert not home.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["ingest", "{nowhere}"],
        ["ingest", "{nowhere}/*.csv"],
        ["detect", "--images", "{there}", "--out", "{out}", "--model", "{nowhere}"],
    ],
    ids=" ".join,
)
def test_a_name_or_glob_that_leads_nowhere_is_misuse(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TRENDLAB_HOME", str(tmp_path / "home"))
    (tmp_path / "there").mkdir()
    places = {name: str(tmp_path / name) for name in ("nowhere", "there", "out")}

    assert code_of([word.format(**places) for word in words], monkeypatch) == 2


@pytest.mark.parametrize(
    "words",
    [
        ["ingest", "{file}"],
        ["review", "import", "{file}"],
        ["review", "texts-import", "{file}", "--reviewer", "ana"],
        ["case", "verify", "{folder}"],
        ["evaluate", "detector", "--annotations", "{file}", "--images", "{folder}"],
        ["train", "detector", "--config", "{file}"],
        ["similar", "{file}"],
        ["events", "--series", "{file}", "--out", "{out}"],
        ["forecast", "--series", "{file}", "--out", "{out}"],
        ["influence", "--series", "{file}", "--out", "{out}"],
        ["peaks", "--series", "{file}", "--out", "{out}"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_what_is_there_and_cannot_be_used_has_failed(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TRENDLAB_HOME", str(tmp_path / "home"))
    folder = tmp_path / "folder"
    folder.mkdir()
    file = folder / "file"
    file.write_text("this is no table, no picture and no model\n")
    places = {"file": str(file), "folder": str(folder), "out": str(tmp_path / "out")}

    assert code_of([word.format(**places) for word in words], monkeypatch) == 1
