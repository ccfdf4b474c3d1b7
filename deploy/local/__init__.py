"""The local launcher behind `make run`: an embedded MongoDB, the daemon, the API and a mail outbox."""
