"""The flexclear command."""
