"""Money: accounts, and what stream time costs. Exact: microseconds are integers, cents are decimals."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from overshoot_testkit.journal import Charged, StateChanged

if TYPE_CHECKING:
    from overshoot_testkit.fakes.overshoot._stream import Stream
    from overshoot_testkit.fakes.overshoot.settings import Account
    from overshoot_testkit.journal import Journal

_MICROSECONDS = 1_000_000


def micros(seconds: float) -> int:
    """Whole microseconds, to the nearest."""
    return round(seconds * _MICROSECONDS)


class Wallet:
    """An API key's account: credits, and how many streams it runs."""

    def __init__(self, label: str, account: Account, journal: Journal) -> None:
        self.label = label
        self.concurrency_limit = account.concurrency_limit
        self.open_streams = 0
        self.revoked = False
        self._journal = journal
        self.balance = self.cents(account)

    @staticmethod
    def cents(account: Account) -> Decimal:
        """What an account begins with."""
        return Decimal(str(account.credits_cents))

    @property
    def credits_cents(self) -> float:
        """What is left, in cents."""
        return float(self.balance)

    def top_up(self, cents: float) -> None:
        """Add credits."""
        self._set(self.balance + Decimal(str(cents)), "top up")

    def set_credits(self, cents: float) -> None:
        """Let there be so many credits."""
        self._set(Decimal(str(cents)), "set")

    def empty(self, reason: str = "exhausted") -> None:
        """Take all credits away."""
        self._set(Decimal(0), reason)

    def _set(self, balance: Decimal, reason: str) -> None:
        before, self.balance = self.balance, balance
        self._journal.add(StateChanged("credits", self.label, f"{before:f}", f"{balance:f}", reason))


class Ledger:
    """Charges stream time to accounts.

    Per second of stream time, from creation to close or expiry, charged at each keepalive and at teardown.
    Source: Starting & Stopping Streams › Billing. *assumed*: parts of a second count in proportion; an
    account never goes below zero, so the last charge of a stream may be less than its time would cost.
    """

    def __init__(self, price_cents_per_second: float, journal: Journal) -> None:
        self._price = Decimal(str(price_cents_per_second))
        self._journal = journal

    def owed(self, stream: Stream, until: int) -> Decimal:
        """Cents for the time since the last charge, to `until` microseconds."""
        return self._price * (until - stream.charged_until) / _MICROSECONDS

    def affords(self, stream: Stream, until: int) -> bool:
        """Whether the account can pay what is owed. With nothing left it cannot, even for no time at all."""
        balance = stream.wallet.balance
        return self.owed(stream, until) <= balance and (balance > 0 or not self._price)

    def can_start(self, wallet: Wallet) -> bool:
        """Whether there are credits for a new stream."""
        return wallet.balance > 0 or not self._price

    def charge(self, stream: Stream, until: int, cause: str) -> tuple[float, float]:
        """Take what is owed, at most what is there; returns seconds and cents."""
        wallet = stream.wallet
        cents = min(self.owed(stream, until), wallet.balance)
        seconds = (until - stream.charged_until) / _MICROSECONDS
        wallet.balance -= cents
        stream.charged_until = until
        stream.cost += cents
        self._journal.add(
            Charged(stream.id, wallet.label, seconds, float(cents), float(wallet.balance), cause)
        )
        return seconds, float(cents)
