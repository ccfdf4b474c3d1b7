"""What the API promises: the shapes of its answers, which answers each view gives, and the OpenAPI document of both."""
