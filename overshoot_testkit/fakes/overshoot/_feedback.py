"""What users say about a stream's results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from overshoot_testkit.fakes.base import Call, Refusal, Reply, Route
from overshoot_testkit.fakes.overshoot import _rules
from overshoot_testkit.fakes.overshoot._ids import identifier
from overshoot_testkit.fakes.overshoot._times import iso
from overshoot_testkit.fakes.overshoot.contract import FeedbackCreateRequest

if TYPE_CHECKING:
    from overshoot_testkit.fakes.base import Service
    from overshoot_testkit.fakes.overshoot._ledger import Wallet
    from overshoot_testkit.fakes.overshoot._lifecycle import Lifecycle


class Feedback:
    """POST /streams/{stream_id}/feedback and GET /streams/feedback. Source: contract.

    *assumed*: each POST adds an entry, for streams that have ended too; the list is the key's own, oldest
    first.
    """

    def __init__(self, service: Service, lifecycle: Lifecycle) -> None:
        self.entries: list[tuple[Wallet, dict[str, Any]]] = []
        """All there are, oldest first, with the account that each belongs to."""
        self._service = service
        self._lifecycle = lifecycle

    def routes(self) -> list[Route]:
        """Their lines in the route table."""
        return [
            Route("feedback", "POST", "/streams/{stream_id}/feedback", self.create, json_body=True),
            Route("feedback_list", "GET", "/streams/feedback", self.show),
        ]

    def create(self, call: Call) -> Reply:
        """Keep it. The contract has no 404 here: an unknown stream, or another key's, is 400."""
        wallet = cast("Wallet", call.principal)
        request = _rules.parse(FeedbackCreateRequest, call.body)
        stream = self._lifecycle.find(call.stream_id, wallet)
        if stream is None:
            raise Refusal(400, "The stream does not exist.", code="stream_not_found")
        now = iso(self._service.wall())
        entry = {
            "id": identifier(self._lifecycle.settings.seed, "feedback", len(self.entries) + 1),
            "stream_id": stream.id,
            "rating": request.rating,
            "category": request.category,
            "feedback": request.feedback,
            "created_at": now,
            "updated_at": now,
        }
        self.entries.append((wallet, entry))
        return Reply(200, {"status": "ok"})

    def show(self, call: Call) -> Reply:
        """All feedback on streams of this key."""
        body = [entry for wallet, entry in self.entries if wallet is call.principal]
        return Reply(200, body, self._service.journal.secrets.value(body))
