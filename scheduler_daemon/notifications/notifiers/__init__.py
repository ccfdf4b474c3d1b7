"""Code that talks to one provider each."""
