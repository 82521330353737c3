"""Pydantic shapes of requests, responses and files."""
