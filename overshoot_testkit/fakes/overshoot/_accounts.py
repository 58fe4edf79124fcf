"""API keys, and the account that each of them opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot_testkit.fakes.overshoot._ids import identifier
from overshoot_testkit.fakes.overshoot._ledger import Wallet
from overshoot_testkit.fakes.overshoot.settings import Account
from overshoot_testkit.journal import StateChanged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from overshoot_testkit.journal import Journal


class Accounts:
    """All accounts of one fake. The journal never has a key: it has "key 1", "key 2", … in their order."""

    def __init__(self, accounts: Mapping[str, Account], seed: int, journal: Journal) -> None:
        self.wallets: dict[str, Wallet] = {}
        """By API key."""
        self._seed = seed
        self.journal = journal
        for key, account in accounts.items():
            self._open(key, account)

    @property
    def first_key(self) -> str:
        """The key that was there first."""
        return next(iter(self.wallets))

    def valid(self, key: str) -> Wallet | None:
        """The account that the key opens; None for a key that is unknown or revoked."""
        wallet = self.wallets.get(key)
        return None if wallet is None or wallet.revoked else wallet

    def find(self, key: str) -> Wallet:
        """The account of a key, or of the key with this label in the journal. Raises KeyError."""
        found = self.wallets.get(key)
        if found is None:
            found = next((each for each in self.wallets.values() if each.label == key), None)
        if found is None:
            labels = ", ".join(each.label for each in self.wallets.values())
            raise KeyError(f"no such API key; give one of the fake's keys, or its label: {labels}")
        return found

    def add(self, key: str | None, account: Account | None) -> str:
        """A further key; returns it. Raises ValueError for one that is there already, or is empty."""
        number = len(self.wallets) + 1
        if key is None:
            key = "ovs_" + identifier(self._seed, "key", number).replace("-", "")
        if not key or key in self.wallets:
            raise ValueError("api_key: it is empty, or there already; leave it out to have one made")
        wallet = self._open(key, account or Account())
        self.journal.add(StateChanged("key", wallet.label, None, "valid", "added"))
        return key

    def set_revoked(self, wallet: Wallet, *, revoked: bool) -> bool:
        """Let a key be valid or not; whether that is a change."""
        if wallet.revoked == revoked:
            return False
        words = ("valid", "revoked") if revoked else ("revoked", "valid")
        wallet.revoked = revoked
        self.journal.add(StateChanged("key", wallet.label, *words, None))
        return True

    def _open(self, key: str, account: Account) -> Wallet:
        wallet = Wallet(f"key {len(self.wallets) + 1}", account, self.journal)
        self.wallets[key] = wallet
        self.journal.secrets.register(key, wallet.label)
        return wallet
