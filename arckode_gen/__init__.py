"""arckode: scaffold a modular Python backend, keep growing it, migrate its database, gate its architecture."""

__version__ = "0.1.0"
