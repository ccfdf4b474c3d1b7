"""Runs the test suites that the settings allow, and reads their reports."""
