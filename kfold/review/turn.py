"""Whose turn it is to write: one page at a time edits, and the others are told."""

from __future__ import annotations

import select
import socket
import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """The right of one page to write, for as long as its connection lasts.

    Attributes:
        number: differs from that of every earlier claim.
        tab: of the browser; a page that is loaded again is of the same tab.
        ended: readable once the claim is another page's.
        end: closed to end the claim.
    """

    number: int
    tab: str
    ended: socket.socket
    end: socket.socket


class Turn:
    """The claim that is valid now, if any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._claim: Claim | None = None
        self._count = 0

    def claim(self, tab: str, take: bool) -> Claim | None:
        """Claim the turn; None if another page has it, unless `take` takes it over."""
        with self._lock:
            if self._claim and not take and self._claim.tab != tab:
                return None
            if self._claim:
                self._claim.end.close()
            self._count += 1
            self._claim = Claim(self._count, tab, *socket.socketpair())
            return self._claim

    def wait(self, claim: Claim, connection: socket.socket) -> bool:
        """Wait until the page's connection closes; False if its claim was taken over before.

        The claim ends with it.
        """
        readable, _, _ = select.select([connection, claim.ended], [], [])
        with self._lock:
            if self._claim is claim:
                self._claim = None
                claim.end.close()
        claim.ended.close()
        return claim.ended not in readable

    def is_valid(self, number: str) -> bool:
        """Whether the claim with this number is the valid one."""
        with self._lock:
            return self._claim is not None and f"{self._claim.number}" == number
