"""The only daemon files that use pymongo. One file per collection; driver errors never leave this folder."""
