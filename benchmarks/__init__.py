"""Measurements of the figures that the project promises: `make bench`, ratios from one run."""
