"""Stored documents as JSON. Pure, and never fails: a malformed document is shown with what is wrong with it."""
