"""The tracker file that matches a world, in the format of `trendlab.trackers`."""

from __future__ import annotations

import hashlib
import json
from io import StringIO

from ruamel.yaml import YAML

from trendlab.sources.world.config import SOURCE_NAME, TrackerPlan, WorldConfig

HEADER = "Trackers of a simulated world; written by `trendlab simulate`.\n"


def tracker_yaml(config: WorldConfig, cities: tuple[str, ...]) -> str:
    """Return the tracker file of a world as YAML."""
    content = {"trackers": [_entry(plan, cities) for plan in config.trackers]}
    writer = YAML()
    writer.default_flow_style = False
    writer.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    out.write(f"# {HEADER}")
    writer.dump(content, out)
    return out.getvalue()


def _entry(plan: TrackerPlan, cities: tuple[str, ...]) -> dict[str, object]:
    entry: dict[str, object] = {"name": plan.name, "hashtags": list(plan.hashtags)}
    if plan.accounts:
        entry["accounts"] = list(plan.accounts)
    if plan.keywords:
        entry["keywords"] = list(plan.keywords)
    entry["sources"] = [SOURCE_NAME]
    entry["time_zone"] = "UTC"
    entry["cities"] = list(cities)
    if plan.spam_hashtag is not None:
        entry["exclusions"] = [
            {
                "name": "resellers",
                "reason": "resellers' listings are offers, not what people wear",
                "hashtags": [plan.spam_hashtag],
            }
        ]
    return entry


def tracker_versions(config: WorldConfig) -> dict[str, str]:
    """Return a hash of each tracker's query, for worlds without a tracker file."""
    return {
        plan.name: hashlib.blake2b(
            json.dumps([plan.hashtags, plan.accounts, plan.keywords]).encode(),
            digest_size=8,
        ).hexdigest()
        for plan in config.trackers
    }
