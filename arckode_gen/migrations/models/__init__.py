"""Compares a project's models with its database; everything here runs where SQLAlchemy is, in the project."""
