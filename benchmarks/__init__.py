"""Measurements beside those of `python -m bcos_core reproduce`: of what the requirements do not bring."""
