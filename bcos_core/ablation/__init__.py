"""Ablations: models by recipes that differ in some options, over seeds, and what their figures support."""
