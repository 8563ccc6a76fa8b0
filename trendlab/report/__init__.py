"""Reports: tables → figures, notebooks → one self-contained HTML page."""
