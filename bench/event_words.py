"""Words told of weeks in which nothing happened, on the lake of a simulated world.

Run: ``trendlab demo --home HOME``, then ``python -m bench.event_words HOME``
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from trendlab.settings import read_settings
from trendlab.sources.world.truth import Truth, read_truth
from trendlab.steps.context import open_context
from trendlab.steps.event_evidence import AROUND_WEEKS, explain
from trendlab.steps.simulate import TRUTH_NAME

EVENTS = 400
# Events planted this near would stand in the weeks that a drawn one is held against.
APART = timedelta(weeks=AROUND_WEEKS + 2)


def drawn_events(truth: Truth, monday: date, seed: int = 5) -> list[dict[str, Any]]:
    """Draw series and weeks at which no event was planted, as events of one week."""
    rng = np.random.default_rng(seed)
    planted = [week for event in truth.events for week in event.weeks]
    whole = [monday - timedelta(weeks=ago) for ago in range(AROUND_WEEKS, 100)]
    quiet = [week for week in whole if all(abs(week - at) > APART for at in planted)]
    drawn = []
    for number in range(EVENTS):
        week = quiet[rng.integers(len(quiet))]
        drawn.append(
            {
                "event_id": f"drawn-{number}",
                "tracker": str(rng.choice(["all", *truth.trackers])),
                "city": str(rng.choice(["all", "unknown", *truth.cities])),
                "model_name": "simulated",
                "kind": "colour",
                "value": str(rng.choice(["yellow", "red", "blue", "black", "green"])),
                "direction": str(rng.choice(["rise", "drop"])),
                "weeks": [week],
                "apex_week_on": week,
            }
        )
    return drawn


def main() -> None:
    home = Path(sys.argv[1])
    truth = read_truth(home / TRUTH_NAME)
    context = open_context(read_settings(home))
    monday = truth.last_day - timedelta(days=truth.last_day.weekday())
    # words of planted peaks and dips are there to be found
    known = {
        word
        for planted in (*truth.peaks, *truth.dips)
        for word in (*planted.words, planted.hashtag)
    }
    started = time.monotonic()
    rows = explain(context, drawn_events(truth, monday), monday)
    told = defaultdict(list)
    for row in rows:
        if row["evidence_kind"] != "post" and row["term"] not in known:
            told[row["event_id"]].append(f"{row['term']} (z {row['strength']:.1f})")
    print(
        f"{len(told)} of {EVENTS} drawn events were told by a word that nothing "
        f"planted explains, {time.monotonic() - started:.1f} s"
    )
    for event_id, terms in told.items():
        print(f"  {event_id}: {', '.join(terms)}")


if __name__ == "__main__":
    main()
