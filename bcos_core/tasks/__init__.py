"""What a task is, one kind a file. `TASK_TYPES` (in `registry`) has them all."""
