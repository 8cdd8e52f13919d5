"""The tests; those of a module mirror its place in the source."""
