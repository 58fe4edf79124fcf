"""In-process servers that behave like the real APIs over time."""
