"""Worker processes for blocking templates: a guard that can always kill, the worker itself, and the daemon's pool."""
