"""One package a module; each imports nothing of another."""
