"""Scores of explanations: what is removed, what is measured, how sure the figure is, and what it cost."""
