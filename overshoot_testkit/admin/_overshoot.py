"""What can be asked of Overshoot's fake beside that: streams, keys, models, settings, results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from overshoot_testkit.admin._keys import KeysPart
from overshoot_testkit.admin._server import Server
from overshoot_testkit.admin._settings import SettingsPart
from overshoot_testkit.admin._streams import StreamsPart

if TYPE_CHECKING:
    from collections.abc import Callable

    from overshoot_testkit.admin._operation import Operation
    from overshoot_testkit.fakes.overshoot import OvershootFake


class AdminServer(Server):
    """The admin API of one `OvershootFake`.

        async with OvershootFake() as fake, AdminServer(fake) as admin:
            ...  # a program works with fake.base_url, and drives the fake by admin.url

    See `Server` for the parameters.
    """

    def __init__(
        self,
        fake: OvershootFake,
        *,
        token: str | None = None,
        profile: str = "seed",
        again: Callable[[], object] | None = None,
    ) -> None:
        self._overshoot = fake
        super().__init__(fake, token=token, profile=profile, again=again)

    def vendor_operations(self) -> list[Operation]:
        """Streams, keys, models, settings, results."""
        parts = (StreamsPart(self._overshoot), KeysPart(self._overshoot), SettingsPart(self._overshoot))
        return [operation for part in parts for operation in part.operations()]
