"""For tests of programs on miniloop, without ports and sleeping.

``SimulatedNetwork`` runs whole programs on sockets in memory, as ``docs/howto`` shows in
``test-your-dispatchers.md``.  ``FakeClock`` and ``ScriptedSelector`` are the small doubles, for one
loop and what its selector reports.
"""

from miniloop.testing.clock import FakeClock
from miniloop.testing.faults import GENTLE, HARSH, Faults
from miniloop.testing.loop import SimulatedLoop
from miniloop.testing.network import SimulatedNetwork
from miniloop.testing.peer import Peer, PeerServer
from miniloop.testing.selector import ScriptedSelector
from miniloop.testing.sockets import SimulatedSocket

__all__ = [
    "GENTLE",
    "HARSH",
    "FakeClock",
    "Faults",
    "Peer",
    "PeerServer",
    "ScriptedSelector",
    "SimulatedLoop",
    "SimulatedNetwork",
    "SimulatedSocket",
]
