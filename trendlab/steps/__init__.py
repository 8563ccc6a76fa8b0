"""Steps: lake or warehouse → room → lake or warehouse. The only place that wires."""
