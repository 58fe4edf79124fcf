"""The admin API: a fake driven and watched over HTTP, from any language."""

from overshoot_testkit.admin._access import SHORTEST_TOKEN
from overshoot_testkit.admin._overshoot import AdminServer

__all__ = ["SHORTEST_TOKEN", "AdminServer"]
