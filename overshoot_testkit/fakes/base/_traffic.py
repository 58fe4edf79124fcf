from __future__ import annotations


class Traffic:
    """What has passed through one service: plain counters, for whoever must know that nothing is under way.

    The idleness handshake of a client in another process compares them with the client's own: what one
    side sent, the other has received, and `activity` stood still between two looks.
    """

    __slots__ = (
        "activity",
        "connections_open",
        "held",
        "messages_in",
        "messages_out",
        "open_messages_in",
        "open_messages_out",
        "requests_open",
        "requests_received",
        "sockets_open",
    )

    def __init__(self) -> None:
        self.requests_received = 0
        """HTTP requests received whole, WebSocket handshakes included."""
        self.requests_open = 0
        """Received and not ended: being processed, delayed or held."""
        self.sockets_open = 0
        """WebSockets accepted and not ended."""
        self.messages_in = 0
        """WebSocket messages received."""
        self.messages_out = 0
        """WebSocket messages handed to the transport."""
        self.open_messages_in = 0
        """As `messages_in`, of the WebSockets that are open now: what was on its way when one ended is not
        missed for ever."""
        self.open_messages_out = 0
        """As `messages_out`, of the WebSockets that are open now."""
        self.connections_open = 0
        """TCP connections, kept-alive ones included."""
        self.held = 0
        """Connections on which a fault holds bytes or an end back, in whatever direction. While there are
        any, what one side sent is not yet what the other received."""
        self.activity = 0
        """Moves with each of the others, up only."""

    def as_dict(self) -> dict[str, int]:
        """The counters by name."""
        return {name: getattr(self, name) for name in self.__slots__}
