"""The application for `gunicorn api.wsgi:app`. Without --preload: each worker loads this and connects by itself."""

import atexit

from api import create_app
from api.context import store_of
from shared.logging import configure_logging
from shared.settings import load_settings_or_exit

settings = load_settings_or_exit()
configure_logging(settings.log_level, settings.log_format)
app = create_app(settings)
atexit.register(store_of(app).connection.close)
