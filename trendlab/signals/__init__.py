"""Computes signals: activity, peaks, dips, influencers, weekly trends."""
