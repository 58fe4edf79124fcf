"""The admin API: a fake driven and watched over HTTP, from any language."""

from overshoot_testkit.admin._overshoot import AdminServer

__all__ = ["AdminServer"]
