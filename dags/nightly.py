"""
### trendlab nightly.

**What** Fetches the UTC day that has just ended from the live sources that are set up,
and computes it, from posts to marts, alerts and report: fetch, match, sentiment,
media, detect, tag, activity, signals, retention, load, alert, report.

**When** Daily at 02:00 UTC. The data interval that starts on day D is run as day D.

**Reads** What networks have on the trackers' terms, posts, comments and photos in the
lake (`TRENDLAB_HOME`), the tracker file, and the settings `TRENDLAB_*` of the worker;
`trendlab sources` lists those that live sources need. Where none is set up, `fetch`
does nothing. `media` downloads photos only where `TRENDLAB_MEDIA` is `fetch`.

**Writes** The day's partitions in the lake, the warehouse (one transaction a day),
`reports/`, and alerts to the channels of the tracker file. The asset
`trendlab://marts` is updated when the warehouse holds the day and nothing more is
written to the lake; its event carries the day, and `trendlab_weekly` waits for it.

**Late data, catch-up, backfill** Each task runs up to day D and does again whatever
late data has made stale, so a night that was missed is made good by the next one.
Every task can be repeated: it replaces what it wrote, and alerts are never sent
twice. One run at a time, in order.

**When it fails** Look at the failed task's log: the last line says what was
expected, what came and what to do. Mend it, clear the failed task, and the rest
follows. A failed `fetch` holds up nothing: what other sources gave is computed, the
gap stands in `coverage`, and the next night fetches it. "lake is locked" means that
another trendlab command is at work. `failure_notice` has told the channels named
`ops`.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Asset, CronDataIntervalTimetable, TriggerRule, chain

# the day whose data interval has ended; a task is a trendlab command line
DAY = "{{ data_interval_start | ds }}"
MARTS = Asset(name="trendlab_marts", uri="trendlab://marts")
# `airflow pools set trendlab_gpu 1 "one job a GPU"`
GPU_POOL = "trendlab_gpu"
# the Celery queue that GPU workers listen to, where there are any
GPU_QUEUE = os.environ.get("TRENDLAB_GPU_QUEUE", "default")


def tell_day(context: dict[str, Any], result: object) -> None:
    """Write the night's day into the event that the asset's update makes."""
    day = context["data_interval_start"].date().isoformat()
    context["outlet_events"][MARTS].extra = {"day": day}


def step(task_id: str, command: str, **more: object) -> BashOperator:
    """Make the task that runs one trendlab command."""
    return BashOperator(task_id=task_id, bash_command=f"trendlab {command}", **more)


with DAG(
    dag_id="trendlab_nightly",
    description="Posts to marts, alerts and a report, every night",
    doc_md=__doc__,
    # a bare cron string would run day D on the morning of D, before it has ended
    schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=30),
        "execution_timeout": timedelta(hours=6),
    },
    tags=["trendlab"],
) as dag:
    fetch = step("fetch", f"ingest --trackers --day {DAY}")
    # a source that is down fails alone
    match = step("match", f"match --to {DAY}", trigger_rule=TriggerRule.ALL_DONE)
    sentiment = step("sentiment", f"sentiment --to {DAY}")
    media = step("media", f"media --night --day {DAY}")
    detect = step("detect", f"detect --to {DAY}", pool=GPU_POOL, queue=GPU_QUEUE)
    tag = step("tag", f"tag --to {DAY}", pool=GPU_POOL, queue=GPU_QUEUE)
    activity = step("activity", f"activity --to {DAY}")
    signals = step("signals", f"signals --to {DAY}")
    alert_raise = step("alert_raise", f"alert raise --to {DAY}")
    # after what reads the rows, and before the marts lose them; mostly nothing is set
    retention = step("retention", "retention")
    load = step("load", f"load --to {DAY}")
    # the last that writes to the lake: who waits for the marts may write there
    alert_send = step(
        "alert_send", "alert send", outlets=[MARTS], post_execute=tell_day
    )
    report = step("report", f"report --to {DAY}")
    failure_notice = step(
        "failure_notice",
        f"alert notice 'nightly run of {DAY} failed; see the Airflow log'",
        trigger_rule=TriggerRule.ONE_FAILED,
        retries=0,
    )
    # one writer to the lake at a time, so the tasks follow one another
    chain(
        fetch,
        match,
        sentiment,
        media,
        detect,
        tag,
        activity,
        signals,
        alert_raise,
        retention,
        load,
        alert_send,
        report,
    )
    [
        fetch,
        match,
        sentiment,
        media,
        detect,
        tag,
        activity,
        signals,
        alert_raise,
        retention,
        load,
        alert_send,
        report,
    ] >> failure_notice
