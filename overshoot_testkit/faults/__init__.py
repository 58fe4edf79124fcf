"""One vocabulary for everything that can go wrong, and when it does."""

from overshoot_testkit.faults._actions import (
    Action,
    Answer,
    CloseSocket,
    CutSocket,
    Delay,
    Deploy,
    Drop,
    ExhaustCredits,
    ExpireLease,
    ExpireToken,
    Hang,
    Kind,
    Refuse,
    Reset,
    SendGarbage,
    Truncate,
)
from overshoot_testkit.faults._plan import Fault, FaultPlan, Match, Occasion

__all__ = [
    "Action",
    "Answer",
    "CloseSocket",
    "CutSocket",
    "Delay",
    "Deploy",
    "Drop",
    "ExhaustCredits",
    "ExpireLease",
    "ExpireToken",
    "Fault",
    "FaultPlan",
    "Hang",
    "Kind",
    "Match",
    "Occasion",
    "Refuse",
    "Reset",
    "SendGarbage",
    "Truncate",
]
