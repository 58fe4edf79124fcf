"""What the admin API asks of a fake, whichever vendor's it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from overshoot_testkit.scenarios import Subject

if TYPE_CHECKING:
    from overshoot_testkit.fakes.base import Traffic


class Hosted(Subject, Protocol):
    """A fake that listens, and that scenarios can be played on."""

    @property
    def base_url(self) -> str: ...

    @property
    def traffic(self) -> Traffic: ...

    def redirect(self, prefix: str, url: str | None) -> None:
        """Answer 307 to requests for paths below `prefix`, to the same below `url`; None ends that."""
        ...

    def snapshot(self) -> Any: ...

    def restore(self, snapshot: Any) -> None: ...

    def reset(self) -> None: ...
