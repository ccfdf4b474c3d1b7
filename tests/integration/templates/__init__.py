"""Job templates on a real database and real folders."""
