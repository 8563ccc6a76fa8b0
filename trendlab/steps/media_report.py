"""What became of the photos of a run, as the command prints it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class MediaReport:
    """What became of the photos of a run.

    Parameters
    ----------
    due_count : int
        Photos that were offered and whose next try had come.
    stored_count, repeated_count : int
        Photos stored, and how many of them needed no new file.
    bytes_count : int
        Downloaded.
    gone, refused, failed, given_up : Counter
        By reason.
    waiting_count : int
        Left for the next run because of their host.
    late_count : int
        Left for the next run because the time of this one was up.
    """

    due_count: int = 0
    stored_count: int = 0
    repeated_count: int = 0
    bytes_count: int = 0
    gone: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    given_up: Counter[str] = field(default_factory=Counter)
    waiting_count: int = 0
    late_count: int = 0
    seconds: float = 0.0

    def line(self) -> str:
        """Return what the command prints first."""
        return (
            f"media: {self.stored_count:,} of {self.due_count:,} photos stored "
            f"({self.repeated_count:,} of them known bytes; "
            f"{self.bytes_count / 1e6:,.1f} MB), "
            f"{self.gone.total() + self.given_up.total():,} gone, "
            f"{self.refused.total():,} refused, {self.failed.total():,} tried again "
            f"later, {self.waiting_count:,} left for their hosts' sake, "
            f"{self.late_count:,} left for lack of time, {self.seconds:.1f} s"
        )

    def lines(self) -> list[str]:
        """Return what the command prints: a line, and the reasons."""
        lines = [self.line()]
        for told, reasons in (
            ("gone", self.gone + self.given_up),
            ("refused", self.refused),
            ("tried again later", self.failed),
        ):
            ranked = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
            lines += [f"  {told}: {reason} ({n:,})" for reason, n in ranked[:5]]
        return lines
