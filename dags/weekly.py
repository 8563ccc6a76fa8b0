"""
### trendlab weekly.

**What** Computes the models of a whole history as of the end of an ISO week (styles,
who leads whom), late posts of the weeks before it taken in, loads them and writes
their reports.

**When** After the night of a Sunday: every update of the asset `trendlab://marts` by
`trendlab_nightly` starts a run, and `gate` ends it at once unless the day that the
event carries is a Sunday. By hand: trigger it with the parameter `day`, any day of a
week that has ended.

**Reads** Weekly shares and all that weekly steps read in the lake (`TRENDLAB_HOME`),
and the settings `TRENDLAB_*` of the worker.

**Writes** The week's partitions in the lake (`influence_edges`, `influence_placebos`,
`influence_forecasts`, `city_trends`, `trend_events`, `trend_event_evidence` and
`trend_forecasts`; with the first Sunday of a quarter `styles` and `style_examples`; and
stale weeks of `author_homes`, `influencers`, `multi_tracker_authors`, `city_weeks` and
`style_weeks`), the warehouse, and `influence-all-<Sunday>.html`,
`styles-all-<Sunday>.html` and `city_trends-all-<Sunday>.html` in `reports/`.

**Missed weeks** A week whose Sunday had no night is not made good by itself: trigger it
by hand with that Sunday as `day`. Where no one does, the next Sunday's run still reads
the whole history; only what was believed in between is missing. Every task can be
repeated: it replaces what it wrote.

**When it fails** Look at the failed task's log: the last line says what was expected,
what came and what to do. Mend it, clear the failed task, and the rest follows. "lake is
locked" means that another trendlab command is at work; the retry comes after it.
`failure_notice` has told the channels named `ops`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import ShortCircuitOperator
from airflow.sdk import DAG, Asset, Param, TriggerRule, chain
from airflow.sdk.exceptions import AirflowFailException

SUNDAY = 7
# the Sunday that the gate let through; a task is a trendlab command line
DAY = "{{ ti.xcom_pull(task_ids='gate') }}"
MARTS = Asset(name="trendlab_marts", uri="trendlab://marts")


def sunday_to_run(
    params: Mapping[str, Any], triggering_asset_events: Mapping[Asset, Iterable[Any]]
) -> str | None:
    """Give the Sunday whose week is to be computed, or None where there is none.

    Parameters
    ----------
    params : mapping
        `day` of a manual run, any day of the week, or None.
    triggering_asset_events : mapping of Asset to events
        Updates of the marts that started this run; several nights may have come
        together. Each carries its day in `extra`.

    Returns
    -------
    str or None
        ISO date; the newest Sunday.

    Raises
    ------
    AirflowFailException
        If an update does not say its day: trying again would not help.
    """
    if params["day"] is not None:
        asked = date.fromisoformat(params["day"])
        return (asked + timedelta(days=SUNDAY - asked.isoweekday())).isoformat()
    told = [
        event.extra for events in triggering_asset_events.values() for event in events
    ]
    if any("day" not in extra for extra in told):
        raise AirflowFailException(
            f"an update of {MARTS.name} must carry a day, got {told}: trendlab_nightly "
            "writes it; to run a week by hand, trigger this DAG with the parameter day"
        )
    nights = [date.fromisoformat(extra["day"]) for extra in told]
    sundays = [night for night in nights if night.isoweekday() == SUNDAY]
    return max(sundays).isoformat() if sundays else None


def step(task_id: str, command: str, **more: object) -> BashOperator:
    """Make the task that runs one trendlab command."""
    return BashOperator(task_id=task_id, bash_command=f"trendlab {command}", **more)


with DAG(
    dag_id="trendlab_weekly",
    description="Styles, and who leads whom, after the night of a Sunday",
    doc_md=__doc__,
    schedule=[MARTS],
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    params={
        "day": Param(
            None,
            type=["null", "string"],
            format="date",
            description="a day of the week to compute; empty: the night's event tells",
        )
    },
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=30),
        "execution_timeout": timedelta(hours=6),
    },
    tags=["trendlab"],
) as dag:
    gate = ShortCircuitOperator(task_id="gate", python_callable=sunday_to_run)
    weekly = step("weekly", f"weekly --week {DAY} --no-load")
    load = step("load", f"load --to {DAY}")
    report_influence = step(
        "report_influence", f"report --notebook influence --to {DAY}"
    )
    report_styles = step("report_styles", f"report --notebook styles --to {DAY}")
    report_city_trends = step(
        "report_city_trends", f"report --notebook city_trends --to {DAY}"
    )
    failure_notice = step(
        "failure_notice",
        f"alert notice 'weekly run of {DAY} failed; see the Airflow log'",
        trigger_rule=TriggerRule.ONE_FAILED,
        retries=0,
    )
    reports = [report_influence, report_styles, report_city_trends]
    chain(gate, weekly, load, reports)
    [gate, weekly, load, *reports] >> failure_notice
