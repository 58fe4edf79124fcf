"""/keys: Overshoot's API keys and their credits. A key itself is shown once, when it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from overshoot_testkit.admin._operation import Ask, Body, Operation, View, not_found
from overshoot_testkit.fakes.overshoot.settings import Account

if TYPE_CHECKING:
    from typing import Self

    from overshoot_testkit.fakes.overshoot import OvershootFake, Wallet

Cents = Annotated[float, Field(ge=0, le=1e12)]


class KeyView(View):
    """A key's account."""

    label: str
    credits_cents: float
    open_streams: int
    concurrency_limit: int
    revoked: bool


class KeysView(View):
    """All, in the order they came."""

    keys: list[KeyView]


class NewKey(Body):
    """What its account has; what is left out is as for any account."""

    credits_cents: Cents | None = None
    concurrency_limit: Annotated[int, Field(ge=0)] | None = None


class NewKeyView(View):
    """The key, for the only time."""

    label: str
    api_key: str


class Credits(Body):
    """Credits to add, or what there shall be. Exactly one of them is given."""

    top_up: Cents | None = None
    set: Cents | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.top_up is None) == (self.set is None):
            raise ValueError('give either "top_up" (cents to add) or "set" (cents that there shall be)')
        return self


class KeysPart:
    """Its operations."""

    def __init__(self, fake: OvershootFake) -> None:
        self._fake = fake

    def operations(self) -> list[Operation]:
        """What can be asked."""
        one = "/keys/{label}"
        gone = (404,)
        return [
            Operation("get_keys", "GET", "/keys", "All API keys, by label.", self._all, KeysView),
            Operation(
                "add_key", "POST", "/keys", "Make a key.", self._add, NewKeyView, status=201, body=NewKey
            ),
            Operation(
                "revoke_key",
                "POST",
                f"{one}/revoke",
                "Let it be invalid.",
                self._revoke,
                KeyView,
                errors=gone,
            ),
            Operation(
                "restore_key",
                "POST",
                f"{one}/restore",
                "Let it be valid again.",
                self._restore,
                KeyView,
                errors=gone,
            ),
            Operation(
                "set_credits",
                "POST",
                f"{one}/credits",
                "Add credits, or set them.",
                self._credits,
                KeyView,
                body=Credits,
                errors=gone,
            ),
        ]

    def _all(self, _: Ask) -> KeysView:
        return KeysView(keys=[self._viewed(each) for each in self._fake.accounts])

    def _add(self, ask: Ask) -> NewKeyView:
        order: NewKey = ask.body
        given = order.model_dump(exclude_none=True)
        key = self._fake.add_key(account=Account(**given))
        return NewKeyView(label=self._fake.account(key).label, api_key=key)

    def _revoke(self, ask: Ask) -> KeyView:
        wallet = self._find(ask)
        self._fake.revoke_key(wallet.label)
        return self._viewed(wallet)

    def _restore(self, ask: Ask) -> KeyView:
        wallet = self._find(ask)
        self._fake.restore_key(wallet.label)
        return self._viewed(wallet)

    def _credits(self, ask: Ask) -> KeyView:
        wallet = self._find(ask)
        order: Credits = ask.body
        if order.top_up is not None:
            wallet.top_up(order.top_up)
        elif order.set is not None:
            wallet.set_credits(order.set)
        return self._viewed(wallet)

    def _find(self, ask: Ask) -> Wallet:
        label = ask.parameters["label"]
        for wallet in self._fake.accounts:
            if wallet.label == label:
                return wallet
        raise not_found("key", label, [wallet.label for wallet in self._fake.accounts])

    def _viewed(self, wallet: Wallet) -> KeyView:
        limit = wallet.concurrency_limit
        return KeyView(
            label=wallet.label,
            credits_cents=wallet.credits_cents,
            open_streams=wallet.open_streams,
            concurrency_limit=self._fake.settings.concurrency_limit if limit is None else limit,
            revoked=wallet.revoked,
        )
