"""The reference client: how an SDK should behave, and what every broken client is derived from."""

from overshoot_testkit.clients.reference._api import Api, ApiError, create_body
from overshoot_testkit.clients.reference._client import ReferenceClient, State

__all__ = ["Api", "ApiError", "ReferenceClient", "State", "create_body"]
