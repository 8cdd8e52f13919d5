"""The tests of the modules."""
