"""Groups of settings, one idea each. shared/settings.py makes one class of them: what all others import."""
