"""The contract of the two programs: settings, models, states, indexes, schedule arithmetic, logging.

Nothing here opens a connection, starts a loop or knows Flask.
"""

__version__ = "0.1.0"
