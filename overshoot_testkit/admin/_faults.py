"""/faults: what goes wrong, in the vocabulary of scenario files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, RootModel

from overshoot_testkit.admin._operation import AdminError, Ask, Operation, View, not_found
from overshoot_testkit.scenarios import describe_fault, fault_from, vocabulary

if TYPE_CHECKING:
    from overshoot_testkit.admin._hosted import Hosted
    from overshoot_testkit.faults import Fault


class FaultBody(RootModel[dict[str, Any]]):
    """A fault: what `GET /faults/vocabulary` describes."""


class FaultView(BaseModel):
    """A fault that is set: as it was given, and what became of it."""

    model_config = ConfigDict(extra="allow")

    action: str
    name: str
    fired: int
    """How often it took effect."""
    seen: int
    """How many occasions matched."""
    set_at: float
    """Seconds of the clock."""
    text: str
    """As people read it."""


class FaultsView(View):
    """All that are set, in that order."""

    faults: list[FaultView]


class VocabularyView(BaseModel):
    """A JSON Schema."""

    model_config = ConfigDict(extra="allow")


class FaultsPart:
    """Its operations."""

    def __init__(self, fake: Hosted) -> None:
        self._plan = fake.faults

    def operations(self) -> list[Operation]:
        """What can be asked."""
        return [
            Operation("get_faults", "GET", "/faults", "All faults that are set.", self._all, FaultsView),
            Operation(
                "set_fault",
                "POST",
                "/faults",
                "Set a fault.",
                self._set,
                FaultView,
                status=201,
                body=FaultBody,
            ),
            Operation("clear_faults", "DELETE", "/faults", "Take all back.", self._clear, status=204),
            Operation(
                "get_vocabulary",
                "GET",
                "/faults/vocabulary",
                "What a fault can be, as a JSON Schema.",
                lambda _: vocabulary(),
                VocabularyView,
            ),
            Operation(
                "get_fault",
                "GET",
                "/faults/{name}",
                "One fault.",
                lambda ask: viewed(self._find(ask)),
                FaultView,
                errors=(404,),
            ),
            Operation(
                "remove_fault",
                "DELETE",
                "/faults/{name}",
                "Take one back.",
                lambda ask: self._find(ask).remove(),
                status=204,
                errors=(404,),
            ),
        ]

    def _all(self, _: Ask) -> dict[str, Any]:
        return {"faults": [viewed(fault) for fault in self._plan]}

    def _set(self, ask: Ask) -> dict[str, Any]:
        try:
            return viewed(fault_from(ask.body.root).set(self._plan))
        except (ValueError, TypeError) as error:  # what is wrong with it, or nothing that this fake can do
            raise AdminError(422, "invalid", str(error)) from None

    def _clear(self, _: Ask) -> None:
        self._plan.clear()

    def _find(self, ask: Ask) -> Fault:
        name = ask.parameters["name"]
        found = next((fault for fault in self._plan if fault.name == name), None)
        if found is None:
            raise not_found("fault", name, [fault.name for fault in self._plan])
        return found


def viewed(fault: Fault) -> dict[str, Any]:
    """A fault as the API shows it."""
    return {**describe_fault(fault), "text": str(fault)}
