"""Storage in a relational database through SQLAlchemy."""
