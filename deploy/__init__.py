"""Everything that runs the two programs somewhere: the local launcher, systemd units, example settings."""
