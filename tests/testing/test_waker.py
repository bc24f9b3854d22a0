"""The waker of a simulated loop."""

import pytest

from miniloop.selectors.poll import POLLIN
from miniloop.testing import GENTLE
from miniloop.testing.choices import Choices
from miniloop.testing.kernel import Kernel
from miniloop.testing.waker import SimulatedWaker


@pytest.fixture
def kernel() -> Kernel:
    return Kernel(Choices(1, GENTLE), None, 10)


def test_it_is_readable_from_wake_to_read(kernel: Kernel) -> None:
    waker = SimulatedWaker(kernel)
    assert (waker.poll(), kernel.woken.is_set()) == (0, False)
    waker.wake()
    waker.wake()
    assert (waker.poll(), kernel.woken.is_set()) == (POLLIN, True)
    waker.handle_read()
    assert waker.poll() == 0


def test_its_descriptor_is_a_simulated_one(kernel: Kernel) -> None:
    waker = SimulatedWaker(kernel)
    assert kernel.descriptors.files == {waker.fileno(): waker}
    assert waker.signal_fileno() == -1
    waker.close()
    waker.close()
    assert kernel.descriptors.files == {}
    waker.wake()  # another thread's, that comes too late
