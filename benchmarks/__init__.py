"""The comparisons behind docs/benchmarks.md, each one command; run them from the root of the repository."""
