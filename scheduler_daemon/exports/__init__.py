"""Files made of collections: how documents become rows, and how a file becomes final."""
