"""Property tests never fail for a slow machine, and keep no database of examples."""

from hypothesis import settings

settings.register_profile("unified-scheduler", deadline=None, database=None)
settings.load_profile("unified-scheduler")
