"""Trials of the place world: what `scripts/evaluate_place.py` runs, judges and reports."""
