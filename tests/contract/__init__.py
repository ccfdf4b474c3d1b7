"""The running API against its own document: schemathesis, naughty strings, the JSON parsing test suite."""
