"""Jobs: posting, looking, cancelling, downloading."""
