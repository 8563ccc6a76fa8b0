"""Benchmarks: ours against the obvious alternative, in the same run.

A module of this package is a benchmark if it has ``rows(scale)``, which gives `Row`s;
`python -m bench.run [names]` prints them all in one table. Speeds differ from machine
to machine, so what counts is the ratio.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Parameters
    ----------
    name : str
        What is done, and on how much.
    ours : str
        Our time or rate, with its unit.
    alternative : str
        What it is held against, with its time or rate.
    ratio : float or None
        Our time / the alternative's; below 1 is faster.
    peak_mb : float or None
        Greatest memory of our process, where it ran in one of its own.
    target : str
        What was promised.
    is_met : bool or None
        Whether it is kept; None where nothing was promised.
    """

    name: str
    ours: str
    alternative: str
    ratio: float | None
    peak_mb: float | None
    target: str
    is_met: bool | None


@dataclass(frozen=True)
class Measured:
    """What a function gave in a process of its own.

    `cpu_seconds` is the work of all its threads, which a busy machine disturbs less
    than `seconds`, the time that passed.
    """

    value: Any
    seconds: float
    cpu_seconds: float
    peak_mb: float


def measure(function: str, *arguments: Any) -> Measured:
    """Call ``module:function`` in a fresh process; imports are not timed.

    Arguments and the value travel as JSON.
    """
    done = subprocess.run(
        [sys.executable, "-m", "bench.measure", function, json.dumps(arguments)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Measured(**json.loads(done.stdout.splitlines()[-1]))
