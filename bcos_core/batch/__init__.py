"""Many texts explained at once: a file in, a heatmap and an answer for each text out."""
