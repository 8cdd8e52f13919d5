"""The changes of the database, in order of name; `arckode db:migrate` applies them."""
