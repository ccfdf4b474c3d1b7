"""Pure builders of filters and updates. No I/O."""
