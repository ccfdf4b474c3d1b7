"""Calls to other people's HTTP servers: one client, and the guard that keeps it out of the private network."""
