"""`trendlab retention`: computes what is stale, erases what is old, loads the rest."""

from __future__ import annotations

from trendlab.steps.load import has_warehouse, load_warehouse
from trendlab.steps.order import STEPS, run_steps
from trendlab.steps.retention import apply_retention, read_periods
from trendlab.steps.step import Context


def run_retention(context: Context, *, is_preview: bool = False) -> list[str]:
    """Apply the periods of the settings; return lines to print.

    Raises
    ------
    SettingsError
        If a period is wrong; nothing was erased then.
    """
    is_set = bool(read_periods(context.settings.retention, STEPS, context))
    if is_preview or not is_set:
        return apply_retention(context, STEPS, is_preview=is_preview).lines()
    lines = []
    with context.lake.lock():
        if context.trackers:
            # afterwards these days are computed no more
            done = run_steps(context, list(STEPS), None, None)
            lines += [step.line() for step in done if step.computed_count]
        lines += apply_retention(context, STEPS).lines()
        if has_warehouse(context.settings):
            lines.append(load_warehouse(context, None, None).line())
    return lines
