"""The daemon: the one UnifiedScheduler, the job templates and everything that has a side effect."""
