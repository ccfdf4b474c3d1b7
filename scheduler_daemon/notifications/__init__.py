"""Scheduled notifications to queue items, and queue items to providers."""
