"""Whether a definition can mean anything, beyond its form: InvalidDefinition names the field and the remedy. Pure."""
