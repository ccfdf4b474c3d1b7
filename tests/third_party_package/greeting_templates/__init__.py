"""Job templates of somebody else's."""
