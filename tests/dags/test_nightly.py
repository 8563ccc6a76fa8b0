"""The nightly DAG: it is exactly this one, its commands exist, and it runs."""

from __future__ import annotations

import itertools
import os
import re
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
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(dag_folder={folder!r})
print("DAGS=" + json.dumps({{
    "errors": dict(bag.import_errors),
    "dags": {{
        dag_id: {{
            "tasks": {{t.task_id: t.bash_command for t in dag.tasks}},
            "edges": sorted(
                [t.task_id, d] for t in dag.tasks for d in t.downstream_task_ids
            ),
            "pools": {{t.task_id: t.pool for t in dag.tasks}},
            "rules": {{t.task_id: t.trigger_rule.value for t in dag.tasks}},
            "catchup": dag.catchup,
            "max_active_runs": dag.max_active_runs,
            "timetable": type(dag.timetable).__name__,
            "has_doc": bool(dag.doc_md),
        }}
        for dag_id, dag in bag.dags.items()
    }},
}}))
"""


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
    import json

    script = DESCRIBE.format(folder=str(ROOT / "dags"))
    printed = run([sys.executable, "-c", script], airflow_env)
    line = next(line for line in printed.splitlines() if line.startswith("DAGS="))
    return json.loads(line.removeprefix("DAGS="))


def test_the_folder_holds_exactly_the_nightly_dag(described):
    assert described["errors"] == {}
    assert set(described["dags"]) == {"trendlab_nightly"}


def test_the_tasks_follow_one_another_and_a_notice_watches_them(described):
    dag = described["dags"]["trendlab_nightly"]
    order = [
        "fetch", "match", "sentiment", "detect", "tag", "activity",
        "signals", "alert_raise", "load", "alert_send", "report",
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


def test_every_task_is_a_trendlab_command_that_exists(described):
    from typer.main import get_command

    from trendlab.cli import collect, compute, look, warehouse  # noqa: F401
    from trendlab.cli.app import app

    verbs = get_command(app)
    for command in described["dags"]["trendlab_nightly"]["tasks"].values():
        words = command.split()
        assert words[0] == "trendlab"
        verb = verbs.commands[words[1]]
        if hasattr(verb, "commands"):
            verb = verb.commands[words[2]]
        known = {option for parameter in verb.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", command)) <= known


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_dag_runs_once_on_a_small_world(airflow_env):
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
        reports = list((Path(airflow_env["TRENDLAB_HOME"]) / "reports").glob("*.html"))
        assert len(reports) == 1
    finally:
        run(["trendlab", "db", "stop"], airflow_env)
