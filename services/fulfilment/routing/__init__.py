"""Route plans: made, searched in a worker process, watched, kept over restarts."""
