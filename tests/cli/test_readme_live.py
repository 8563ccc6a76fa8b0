"""The README's live example, as it stands there, but for the server's address."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.sources.mastodon_server import a_month, mastodons
from trendlab.lake import Lake

ROOT = Path(__file__).resolve().parents[2]


def example() -> str:
    text = (ROOT / "README.md").read_text()
    found = re.search(r"\*\*Live\*\*.*?```\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_live_example_of_the_readme_works(tmp_path):
    lines = example()
    address = "https://mastodon.social"
    assert lines.count(address) == 1
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "trendlab").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c '
        '"from trendlab.cli import main; main()" "$@"\n'
    )
    (tmp_path / "trendlab").chmod(0o755)
    with mastodons(tmp_path) as server:
        server.put(a_month(60))
        done = subprocess.run(
            ["sh", "-e", "-c", lines.replace(address, server.url)],
            env={
                **os.environ,
                "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
                "TRENDLAB_HOME": str(home),
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "60 read, 60 accepted, 0 refused; 60 new" in done.stdout
    lake = Lake(home / "lake")
    assert len(lake.days("posts")) == 30
