"""Face engines, each behind a loader of its own so that a booth needs only the one it uses."""
