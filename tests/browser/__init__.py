"""The web UI in Chromium, over the real API, daemon and database."""
