"""Places: coordinates or a place name → a monitored city."""
