"""The command line: a verb a step. Reads settings, calls steps, prints a line."""

from __future__ import annotations

from trendlab.cli.app import main

__all__ = ["main"]
