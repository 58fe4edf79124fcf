"""The fake of Overshoot v0.2: what the API promises, as state machines on a clock."""

from overshoot_testkit.fakes.overshoot._fake import OvershootFake
from overshoot_testkit.fakes.overshoot._ledger import Wallet
from overshoot_testkit.fakes.overshoot._result_settings import ResultSettings
from overshoot_testkit.fakes.overshoot._results import Results
from overshoot_testkit.fakes.overshoot._script import ABSENT, Say
from overshoot_testkit.fakes.overshoot._snapshot import Snapshot
from overshoot_testkit.fakes.overshoot._stream import StreamState, StreamView
from overshoot_testkit.fakes.overshoot._tokens import Token
from overshoot_testkit.fakes.overshoot.settings import (
    Account,
    EndReason,
    ModelStatus,
    ResultRequest,
    Settings,
)

__all__ = [
    "ABSENT",
    "Account",
    "EndReason",
    "ModelStatus",
    "OvershootFake",
    "ResultRequest",
    "ResultSettings",
    "Results",
    "Say",
    "Settings",
    "Snapshot",
    "StreamState",
    "StreamView",
    "Token",
    "Wallet",
]
