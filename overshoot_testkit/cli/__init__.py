"""The command line: `overshoot-testkit`, one small module a command."""

from overshoot_testkit.cli._app import main

__all__ = ["main"]
