"""Trust tests: whether a heatmap depends on the model and on the text, and on nothing else."""
