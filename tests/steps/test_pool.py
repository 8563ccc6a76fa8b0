"""Chunks computed in processes of their own: same rows, same order, no leftovers."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trendlab.errors import SettingsError, TrendlabError
from trendlab.lake import Lake
from trendlab.places.cities import seed_cities
from trendlab.settings import read_settings
from trendlab.steps.order import STEPS
from trendlab.steps.pool import Pool
from trendlab.steps.step import Context

POOLED = [step for step in STEPS.values() if step.is_pooled]
# A parent that tells its children's numbers, then waits to be killed.
PARENT = """
import sys
from pathlib import Path
from tests.steps.test_pool import Pool, opened, who

if __name__ == "__main__":
    with Pool(opened(Path(sys.argv[1]))) as pool:
        done = pool.each(who, [(number,) for number in range(8)])
        print(*sorted({process for _, process, _ in done}), flush=True)
        sys.stdin.read()
"""


def opened(home: Path) -> Context:
    return Context(
        settings=read_settings(home, workers=2),
        lake=Lake(home / "lake"),
        trackers=[],
        cities=seed_cities(),
    )


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return opened(tmp_path)


@pytest.fixture
def pool(context: Context) -> Iterator[Pool]:
    with Pool(context) as started:
        yield started


def who(context: Context, number: int) -> tuple[int, int, int]:
    return number, os.getpid(), context.cities.num_rows


def refuse(context: Context, number: int) -> int:
    if number == 3:
        raise SettingsError(f"expected less than 3, got {number}")
    return number


def report(context: Context, number: int) -> int:
    logging.getLogger("trendlab.signals").info("number %d is done", number)
    return number


def die(context: Context, number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_results_come_in_order_from_other_processes(context, pool):
    done = pool.each(who, [(number,) for number in range(8)])

    assert [number for number, _, _ in done] == list(range(8))
    assert os.getpid() not in {process for _, process, _ in done}
    assert {cities for _, _, cities in done} == {context.cities.num_rows}


@pytest.mark.parametrize("step", POOLED, ids=lambda step: step.name)
def test_what_steps_compute_can_be_sent_to_a_process(step):
    assert pickle.loads(pickle.dumps(step.compute)) is step.compute
    assert not step.is_chained


def test_few_chunks_are_computed_here_and_many_elsewhere(pool):
    few = list(pool.compute(who, [1, 2, 3], lambda number: (number,)))
    many = list(pool.compute(who, [1, 2, 3, 4], lambda number: (number,)))

    assert {process for _, (_, process, _) in few} == {os.getpid()}
    assert os.getpid() not in {process for _, (_, process, _) in many}
    assert [(work, number) for work, (number, _, _) in many] == [
        (1, 1), (2, 2), (3, 3), (4, 4),
    ]  # fmt: skip


def test_a_single_work_is_done_here(pool):
    assert pool.each(who, [(5,)])[0][:2] == (5, os.getpid())


def test_one_worker_does_all_here(context):
    context.settings = context.settings.model_copy(update={"workers": 1})
    with Pool(context) as pool:
        done = pool.each(who, [(number,) for number in range(8)])

    assert {process for _, process, _ in done} == {os.getpid()}


def test_an_error_in_a_process_is_raised_here(pool):
    with pytest.raises(SettingsError, match="expected less than 3, got 3"):
        pool.each(refuse, [(number,) for number in range(8)])

    assert pool.each(refuse, [(1,), (2,)]) == [1, 2]


def test_lines_of_the_log_come_from_processes_too(context, capfd, caplog):
    caplog.set_level(logging.INFO)
    with Pool(context) as pool:
        pool.each(report, [(1,), (2,)])

    lines = capfd.readouterr().err
    assert "trendlab.signals number 1 is done" in lines
    assert "trendlab.signals number 2 is done" in lines


def test_a_killed_process_is_an_error_that_says_what_to_do(pool):
    with pytest.raises(TrendlabError, match="TRENDLAB_WORKERS=1"):
        pool.each(die, [(1,), (2,)])

    assert pool.each(refuse, [(1,), (2,)]) == [1, 2]


def test_processes_end_with_a_parent_that_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    parent = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with parent:
        assert parent.stdout is not None
        children = [int(number) for number in parent.stdout.readline().split()]
        parent.kill()
        # they hold its end of the pipe open for as long as one of them lives
        rest = parent.stdout.read()

    assert children
    assert rest == ""
    assert not [number for number in children if is_alive(number)]


def is_alive(process: int) -> bool:
    """Tell whether a process runs; one that nobody has waited for is dead."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
