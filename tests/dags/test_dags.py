"""The DAGs: they are exactly these, their commands exist, and they run."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(sys.executable).parent

# prints what the DAG folder holds, as JSON; run in a process of its own because
# Airflow reads its settings at import and leaves warnings behind
DESCRIBE = """
import json
from types import SimpleNamespace
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowFailException
bag = DagBag(dag_folder={folder!r})

def ask_gate(day, *extras):
    gate = bag.dags["trendlab_weekly"].get_task("gate").python_callable
    events = {{Asset("trendlab_marts"): [SimpleNamespace(extra=e) for e in extras]}}
    try:
        return gate({{"day": day}}, events)
    except AirflowFailException as error:
        return "failed: " + str(error)

print("DAGS=" + json.dumps({{
    "errors": dict(bag.import_errors),
    "dags": {{
        dag_id: {{
            "tasks": {{
                t.task_id: t.bash_command
                for t in dag.tasks if hasattr(t, "bash_command")
            }},
            "edges": sorted(
                [t.task_id, d] for t in dag.tasks for d in t.downstream_task_ids
            ),
            "pools": {{t.task_id: t.pool for t in dag.tasks}},
            "rules": {{t.task_id: t.trigger_rule.value for t in dag.tasks}},
            "outlets": {{
                t.task_id: [one.name for one in t.outlets]
                for t in dag.tasks if t.outlets
            }},
            "catchup": dag.catchup,
            "max_active_runs": dag.max_active_runs,
            "timetable": type(dag.timetable).__name__,
            "waits_for": [
                one.name
                for one in getattr(dag.timetable.asset_condition, "objects", [])
            ],
            "has_doc": bool(dag.doc_md),
        }}
        for dag_id, dag in bag.dags.items()
    }},
    "gate": [ask_gate(*asked) for asked in {asked!r}],
}}))
"""
# what the weekly gate is asked, and what it answers
GATE = [
    ((None, {"day": "2026-03-01"}), "2026-03-01"),
    ((None, {"day": "2026-03-02"}), None),
    # nights that came together: the newest Sunday among them
    (
        (None, {"day": "2026-02-22"}, {"day": "2026-03-01"}, {"day": "2026-03-02"}),
        "2026-03-01",
    ),
    ((None,), None),
    # by hand: the Sunday of that week
    (("2026-02-25",), "2026-03-01"),
    (("2026-03-01", {"day": "2026-03-09"}), "2026-03-01"),
]


@pytest.fixture(scope="module")
def airflow_env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("airflow")
    env = {
        **os.environ,
        "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "TRENDLAB_HOME": str(tmp_path_factory.mktemp("home")),
        "YOLO_OFFLINE": "1",
    }
    run(["airflow", "db", "migrate"], env)
    run(["airflow", "pools", "set", "trendlab_gpu", "1", "one job a GPU"], env)
    return env


def run(command: list[str], env: dict[str, str]) -> str:
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=840, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def described(airflow_env: dict[str, str]) -> dict:
    asked = [*(question for question, _ in GATE), (None, {})]
    script = DESCRIBE.format(folder=str(ROOT / "dags"), asked=asked)
    printed = run([sys.executable, "-c", script], airflow_env)
    line = next(line for line in printed.splitlines() if line.startswith("DAGS="))
    return json.loads(line.removeprefix("DAGS="))


def test_the_folder_holds_exactly_the_nightly_and_the_weekly_dag(described):
    assert described["errors"] == {}
    assert set(described["dags"]) == {"trendlab_nightly", "trendlab_weekly"}


def test_the_tasks_follow_one_another_and_a_notice_watches_them(described):
    dag = described["dags"]["trendlab_nightly"]
    order = [
        "fetch", "match", "sentiment", "media", "detect", "tag", "activity",
        "signals", "alert_raise", "retention", "load", "alert_send", "report",
    ]  # fmt: skip
    in_a_row = [list(pair) for pair in itertools.pairwise(order)]
    notice = [[task, "failure_notice"] for task in order]
    assert dag["edges"] == sorted(in_a_row + notice)
    assert dag["pools"]["detect"] == dag["pools"]["tag"] == "trendlab_gpu"


def test_a_source_that_is_down_holds_up_nothing(described):
    rules = described["dags"]["trendlab_nightly"]["rules"]
    assert rules.pop("match") == "all_done"
    assert rules.pop("failure_notice") == "one_failed"
    assert set(rules.values()) == {"all_success"}


def test_a_run_covers_the_day_that_has_ended_and_runs_do_not_overlap(described):
    dag = described["dags"]["trendlab_nightly"]
    assert dag["timetable"] == "CronDataIntervalTimetable"
    assert dag["max_active_runs"] == 1
    assert dag["catchup"] is False
    assert dag["has_doc"]


def test_the_night_tells_its_day_when_nothing_more_is_written_to_the_lake(described):
    assert described["dags"]["trendlab_nightly"]["outlets"] == {
        "alert_send": ["trendlab_marts"]
    }


def test_the_week_waits_for_the_night_and_is_gated(described):
    dag = described["dags"]["trendlab_weekly"]
    order = ["gate", "weekly", "load", "report_influence"]
    in_a_row = [list(pair) for pair in itertools.pairwise(order)]
    more = ["report_styles", "report_city_trends"]
    beside = [["load", report] for report in more]
    notice = [[task, "failure_notice"] for task in (*order, *more)]
    assert dag["edges"] == sorted([*in_a_row, *beside, *notice])
    assert dag["waits_for"] == ["trendlab_marts"]
    assert dag["rules"]["failure_notice"] == "one_failed"
    assert dag["max_active_runs"] == 1
    assert dag["catchup"] is False
    assert dag["has_doc"]


def test_every_weekly_report_has_its_task(described):
    from trendlab.steps.report import WEEKLY_REPORTS

    commands = described["dags"]["trendlab_weekly"]["tasks"].values()
    for notebook in WEEKLY_REPORTS:
        assert any(f"--notebook {notebook} " in command for command in commands)


def test_the_gate_lets_sundays_through_and_asked_days(described):
    assert described["gate"][: len(GATE)] == [answer for _, answer in GATE]


def test_the_gate_refuses_an_update_that_does_not_say_its_day(described):
    assert described["gate"][-1].startswith("failed: an update of trendlab_marts must")


def test_every_task_is_a_trendlab_command_that_exists(described):
    from typer.main import get_command

    from trendlab.cli import (  # noqa: F401
        collect,
        compute,
        look,
        media,
        privacy,
        warehouse,
    )
    from trendlab.cli.app import app

    verbs = get_command(app)
    commands = [
        command
        for dag in described["dags"].values()
        for command in dag["tasks"].values()
    ]
    for command in commands:
        words = command.split()
        assert words[0] == "trendlab"
        verb = verbs.commands[words[1]]
        if hasattr(verb, "commands"):
            verb = verb.commands[words[2]]
        known = {
            option
            for parameter in verb.params
            for option in (*parameter.opts, *parameter.secondary_opts)
        }
        assert set(re.findall(r"--[a-z-]+", command)) <= known


def told_days(env: dict[str, str]) -> list[str]:
    """Read the days that updates of the asset carry from Airflow's database."""
    with contextlib.closing(
        sqlite3.connect(Path(env["AIRFLOW_HOME"]) / "airflow.db")
    ) as db:
        extras = db.execute("select extra from asset_event").fetchall()
    return [json.loads(extra)["day"] for (extra,) in extras]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_dags_run_once_on_a_small_world(airflow_env):
    run(
        [
            "trendlab", "simulate", "--weeks", "6", "--posts-per-day", "40",
            "--cities", "2", "--to", "2026-03-01",
        ],
        airflow_env,
    )  # fmt: skip
    try:
        # as scheduled: at 02:00 the interval of the day before has ended
        run(
            ["airflow", "dags", "test", "trendlab_nightly", "2026-03-02T02:00:00"],
            airflow_env,
        )
        counted = run(
            [
                "trendlab", "sql", "--csv",
                "select max(day) as day, sum(posts_count) > 500 as is_many "
                "from marts.activity_daily where tracker = 'all' and city = 'all'",
            ],
            airflow_env,
        )  # fmt: skip
        assert counted.splitlines()[1] == "2026-03-01,True"
        assert told_days(airflow_env) == ["2026-03-01"]
        # by hand, for there is no scheduler here to see the event
        run(
            [
                "airflow", "dags", "test", "trendlab_weekly",
                "--conf", '{"day": "2026-02-25"}',
            ],
            airflow_env,
        )  # fmt: skip
        counted = run(
            [
                "trendlab", "sql", "--csv",
                "select distinct status, window_to from marts.influence_placebos",
            ],
            airflow_env,
        )  # fmt: skip
        assert counted.splitlines()[1:] == ["not_assessable,2026-03-01"]
        reports = (Path(airflow_env["TRENDLAB_HOME"]) / "reports").glob("*.html")
        assert {path.name for path in reports} == {
            "all-2026-03-01.html",
            "city_trends-all-2026-03-01.html",
            "influence-all-2026-03-01.html",
            "styles-all-2026-03-01.html",
        }
    finally:
        run(["trendlab", "db", "stop"], airflow_env)
