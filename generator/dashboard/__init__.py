"""The plan as pages for a team to look at and decide on: served on loopback, to who holds the printed token."""
