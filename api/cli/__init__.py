"""The operator's command `unified-scheduler`."""
