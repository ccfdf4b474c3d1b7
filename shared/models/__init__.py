"""One pydantic model per collection: the stored document."""
