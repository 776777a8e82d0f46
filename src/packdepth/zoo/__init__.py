"""Networks by name: untrained ones to build upon."""
