"""The conformance suite: rules by vendor and theme, and a broken client for every rule."""
