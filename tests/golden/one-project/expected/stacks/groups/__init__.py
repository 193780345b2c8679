"""One file a stack: what it serves, as data."""
