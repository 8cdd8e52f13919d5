"""Sample rows, one file a table; `arckode db:seed` inserts what is missing."""
