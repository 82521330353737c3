"""Small named blocks that formulations are built from."""
