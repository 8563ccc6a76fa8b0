"""What all tests share: an empty lake, and how Hypothesis draws.

It draws the same examples each time, for `make test` must say the same of the same
code. To look for new counterexamples: `HYPOTHESIS_PROFILE=explore python -m pytest`.
"""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from trendlab.lake import Lake

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    return Lake(tmp_path / "lake")
