"""Book-keeping: what ran, what was alerted, and the lists that analysts join to."""

from __future__ import annotations

from trendlab.schemas.core import (
    CITY,
    DAY,
    RUN_ID,
    STRINGS,
    TRACKER,
    Column,
    Table,
    count,
    date,
    flag,
    moment,
    number,
    text,
)

RUNS = Table(
    name="runs",
    doc="What was computed; the newest run of each step and day, one row each.",
    columns=(
        DAY,
        text("step", "name of the step"),
        RUN_ID,
        text("code_hash", "hash of the modules that the step runs"),
        text("settings_hash", "hash of the settings and trackers that it reads"),
        text(
            "inputs_hash",
            "hash of the checksums of its input partitions, and of rules of that day",
        ),
        count("rows_count", "rows written"),
        number("seconds", "time taken", minimum=0),
        text("status", "how it ended", allowed=("done", "failed", "skipped")),
        text("message", "what went wrong", nullable=True),
        moment("finished_at", "when it ended"),
    ),
    key=("step", "day"),
    in_warehouse=True,
)

ALERTS = Table(
    name="alerts",
    doc="Alerts raised; one row per alert. `day` is the day that it is about.",
    columns=(
        DAY,
        text("alert_id", "hash of rule and event; the same on every rerun"),
        text("rule", "rule that raised it"),
        TRACKER,
        CITY,
        text("event_kind", "peak or dip", allowed=("peak", "dip")),
        text("event_id", "peak_id or dip_id"),
        count("severity", "1 (mild) to 10 (extreme)", maximum=10),
        text("title", "one line"),
        text("body", "what happened, how unusual, evidence, what to run next"),
        text(
            "status",
            "where it stands",
            allowed=("pending", "sent", "failed", "backfilled", "cooled_down"),
        ),
        Column("channels", STRINGS, "channel names it went to, without secrets"),
        count("attempts_count", "times that sending was tried"),
        moment("raised_at", "when it was raised"),
        moment("sent_at", "when it was sent", nullable=True),
        moment("acknowledged_at", "when a person acknowledged it", nullable=True),
        text("acknowledged_by", "who", nullable=True),
        text(
            "follows_alert_id",
            "alert whose event this says is over; NULL for the alert itself",
            nullable=True,
        ),
    ),
    key=("alert_id",),
    in_warehouse=True,
)

CITIES = Table(
    name="cities",
    doc="Monitored cities; one row per city.",
    columns=(
        text("city", "id: lower case letters, digits and underscores"),
        text("name", "name to show"),
        text("country_code", "ISO 3166-1 alpha-2"),
        text("region", "continent, the parent that thin cities shrink to"),
        number("lat", "latitude, degrees", minimum=-90, maximum=90),
        number("lon", "longitude, degrees", minimum=-180, maximum=180),
        number("radius_km", "posts within this distance belong to the city", minimum=0),
        text("time_zone", "IANA time zone"),
    ),
    key=("city",),
    partition=(),
    in_warehouse=True,
)

MODELS = Table(
    name="models",
    doc="Model cards in short; one row per model and version.",
    columns=(
        text("model_name", "name"),
        text("model_version", "version"),
        text("task", "what it does"),
        text("architecture", "for example yolov8n"),
        text("training_data", "what it learned from"),
        text("licence", "licence of the weights"),
        text("metrics", "JSON of the card's metrics"),
        flag("is_simulated", "true where no model ran and garments were drawn"),
    ),
    key=("model_name", "model_version"),
    partition=(),
    in_warehouse=True,
)

EXPIRATIONS = Table(
    name="expirations",
    doc="Up to which day rows were erased because their period was over, and days that "
    "read them are computed no more; one row per table.",
    columns=(
        text("table_name", "table whose rows were erased"),
        date("before_day", "rows of the days before this one are gone"),
        moment("expired_at", "when the day was last moved"),
    ),
    key=("table_name",),
    partition=(),
    in_warehouse=True,
)

BOOKS = (RUNS, ALERTS, CITIES, MODELS, EXPIRATIONS)
