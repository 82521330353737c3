"""Rivals: the same problems written the way others would write them."""
