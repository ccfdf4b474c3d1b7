"""Every fault test ends with the audit."""
