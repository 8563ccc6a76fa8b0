"""A service to ingest from; modules that need another give their own."""

from __future__ import annotations

import pytest

from tests.steps.live_shop import hours
from tests.steps.shop import Service


@pytest.fixture
def service() -> Service:
    """A shop with 23 posts on coats and 8 on boots, one every six hours."""
    made = Service()
    made.put("coat", hours(23))
    made.put("boots", hours(8))
    return made
