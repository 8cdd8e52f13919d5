"""The runtime of this project: its own copy, over FastAPI, SQLAlchemy and pydantic. Change it when you must."""
