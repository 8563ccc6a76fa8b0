"""Photos to check → Label Studio → verdicts in the lake."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from trendlab.errors import MissingPartition
from trendlab.review import (
    export_label_studio,
    import_label_studio,
    select_for_review,
)
from trendlab.schemas import TABLES
from trendlab.steps.exports import note_export
from trendlab.steps.step import Context

Images = Literal["local-files", "embedded"]


def export_review(
    context: Context,
    out_file: Path,
    *,
    size: int,
    seed: int,
    images: Images = "local-files",
) -> list[str]:
    """Choose photos with predicted boxes and write Label Studio's import file.

    Raises
    ------
    MissingPartition
        If no real photo has been looked at yet.
    SettingsError
        If the photos lie in no common folder below which Label Studio could find
        them.
    """
    lake = context.lake
    days = lake.days("garments")
    tables = {
        name: lake.read_range(name, days[0], days[-1]) if days else TABLES[name].empty()
        for name in ("garments", "media", "looks")
    }
    chosen = select_for_review(
        tables["garments"],
        tables["media"],
        _all_of(context, "reviews"),
        looks=tables["looks"],
        alert_posts=_alert_posts(context),
        rng=np.random.default_rng(seed),
        size=size,
    )
    if chosen.num_rows == 0:
        raise MissingPartition(
            "there is no photo to check: ingest photos and run `trendlab detect` "
            "(garments of a simulated world were never in a photo)"
        )
    from trendlab.vision.models import load_card

    card = load_card(context.settings.detector)
    written = export_label_studio(
        chosen, home=context.home, categories=card.classes, images=images
    )
    note_export(context.home, "photos", out_file)
    out_file.write_text(json.dumps(written.tasks))
    config_file = out_file.with_suffix(".xml")
    config_file.write_text(written.labelling_config)
    lines = [
        f"{len(written.tasks)} photos, {chosen.num_rows} boxes: {out_file}",
        f"labelling interface: {config_file}",
    ]
    if written.document_root is not None:
        lines.append(
            "start Label Studio with LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true "
            f"LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT={written.document_root}"
        )
    return lines


def import_review(context: Context, file: Path) -> list[str]:
    """Read verdicts from Label Studio's JSON export into `reviews`."""
    imported = import_label_studio(file.read_bytes())
    with context.lake.lock():
        for day in pc.unique(imported.reviews["day"]).to_pylist():
            mine = imported.reviews.filter(
                pc.equal(imported.reviews["day"], pa.scalar(day, pa.date32()))
            )
            replace_by_key(context, "reviews", day, mine)
    context.forget_fingerprints("reviews")
    lines = [
        f"{imported.reviews.num_rows} verdicts read, {len(imported.refused)} tasks "
        f"refused, {imported.unreviewed_count} not yet reviewed: {file}"
    ]
    lines += [
        f"  task {task.task_index}: {task.reason} ({task.detail})"
        for task in imported.refused[:10]
    ]
    if imported.reviews.num_rows:
        lines.append("run `trendlab load` to see them in marts.class_precision")
    return lines


def replace_by_key(context: Context, table: str, day: date, rows: pa.Table) -> None:
    """Write verdicts over the same reviewer's older ones of the same items."""
    key = TABLES[table].key
    known = context.lake.read(table, day).to_pylist()
    merged = {tuple(row[name] for name in key): row for row in known}
    merged |= {tuple(row[name] for name in key): row for row in rows.to_pylist()}
    context.lake.write(table, day, TABLES[table].from_rows(list(merged.values())))


def _all_of(context: Context, table: str) -> pa.Table:
    days = context.lake.days(table)
    if not days:
        return TABLES[table].empty()
    return context.lake.read_range(table, days[0], days[-1])


def _alert_posts(context: Context) -> pa.Table | None:
    """Return the posts named as evidence of alerts that nobody acknowledged."""
    alerts = _all_of(context, "alerts")
    is_open = pc.is_null(alerts["acknowledged_at"])
    events = set(alerts.filter(is_open)["event_id"].to_pylist())
    if not events:
        return None
    evidence = _all_of(context, "evidence")
    wanted = pc.and_(
        pc.is_in(evidence["event_id"], pa.array(sorted(events))),
        pc.equal(evidence["evidence_kind"], "post"),
    )
    ids = set(evidence.filter(wanted)["item"].to_pylist())
    garments = _all_of(context, "garments").select(["source", "post_id"])
    return garments.filter(pc.is_in(garments["post_id"], pa.array(sorted(ids))))
