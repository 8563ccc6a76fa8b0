"""Tell people about negative peaks: from signals to messages, then out.

`raise_alerts` is pure: signals in, rows of `alerts` out. `send_alerts` takes them to
the log, to files and to the channels that a tracker names. What a message holds, when
it goes and how often is described in `docs/alerts.md`.
"""

from __future__ import annotations

from trendlab.alerts.channels import Message, notify, parse_channels
from trendlab.alerts.inert import make_inert
from trendlab.alerts.raising import (
    acknowledge_alert,
    backtest_alerts,
    raise_alerts,
)
from trendlab.alerts.rules import AlertRule
from trendlab.alerts.sending import send_alerts

__all__ = [
    "AlertRule",
    "Message",
    "acknowledge_alert",
    "backtest_alerts",
    "make_inert",
    "notify",
    "parse_channels",
    "raise_alerts",
    "send_alerts",
]
