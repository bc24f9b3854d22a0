"""The kernel of the simulated process: what sockets, epoll sets and wakers know of the network.

Everything is made here once for a network, and nothing here knows the objects that use it.
"""

import threading
from collections.abc import Callable
from typing import Any

from miniloop.testing.addresses import AddressTable
from miniloop.testing.choices import Choices
from miniloop.testing.descriptors import Descriptors
from miniloop.testing.ports import Ports
from miniloop.testing.timeline import Timeline
from miniloop.testing.wire import Wire

Mailbox = Callable[[bytes, Any], object]
"""Receives a datagram and its sender's address."""


class Kernel:
    """The tables of one simulated process, and its place on the network.

    Args:
        choices: the network's choices.
        log: called with a line for each event, if there is one.
        descriptors: the number of descriptors that may be open at once.

    Attributes:
        choices: the network's choices.
        timeline: the time and the events to come.
        wire: delays what is sent.
        descriptors: the table of open files.
        hosts: the addresses of host names.
        ports: the stream ports.
        mailboxes: the addresses bound by datagram sockets.
        woken: set when a loop's waker is called, perhaps by a real thread.
    """

    def __init__(
        self, choices: Choices, log: Callable[[str], object] | None, descriptors: int
    ) -> None:
        """Start with empty tables."""
        self.choices = choices
        self.timeline = Timeline()
        self.wire = Wire(choices, self.timeline, log)
        self.descriptors = Descriptors(descriptors)
        self.hosts: dict[str, list[str]] = {}
        self.ports = Ports(self.wire, self.hosts)
        self.mailboxes: AddressTable[Mailbox] = AddressTable(self.hosts)
        self.woken = threading.Event()
