"""A running service for tests of live sources: each module gives its own `running`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sources.loopback import Service


@pytest.fixture
def server(running: tuple[Any, Service]) -> Any:
    """What the service holds."""
    return running[0]


@pytest.fixture
def service(running: tuple[Any, Service]) -> Service:
    """How it is reached, and what it was asked."""
    return running[1]
