"""A small fictional organisation, Fernhill Books: enough of everything for each screen to be looked at.

Definitions are made through the API, and the daemon does what it does in a moment. What takes days to come about (runs
of last week, bounces, messages that nobody knows the fate of) is written as the documents that it leaves.
"""
