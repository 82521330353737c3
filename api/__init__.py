"""Who asks: HTTP, command line and the wiring of adapters."""
