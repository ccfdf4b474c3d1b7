"""The web UI: native ES modules and vendored libraries, served as they lie here. Nothing is built."""
