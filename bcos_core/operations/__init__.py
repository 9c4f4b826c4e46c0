"""Running the dashboard for others: whether it is ready, what it counts, how much it holds, what can go."""
