"""Strategies and a stateful machine for hypothesis."""
