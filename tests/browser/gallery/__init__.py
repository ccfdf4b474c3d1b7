"""Every screen and the important dialogs, looked at in light and dark, narrow and wide."""
