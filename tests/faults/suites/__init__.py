"""The suites of faults: each a scenario for a world, a short and a long scale, and its negative control."""
