"""Where posts come from: networks, archives, files, and a simulated world."""
