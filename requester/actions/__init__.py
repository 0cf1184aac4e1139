"""One user action, one file."""
