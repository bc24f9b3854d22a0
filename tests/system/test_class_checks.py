"""A mistake in a subclass that would fail in silence is found when the class is made."""

import socket
import warnings
from typing import Any

import pytest

from miniloop import AsyncChat, Dispatcher, EventLoop, FileDispatcher
from miniloop.system.class_checks import check_class

KINDS = [Dispatcher, AsyncChat, FileDispatcher]


def make(base: type, **members: Any) -> type:
    """Make a subclass, as a ``class`` statement of a program does."""
    return type("Own", (base,), members)


@pytest.mark.parametrize("base", KINDS)
@pytest.mark.parametrize(
    "name", ["accepting", "closed", "connected", "connecting", "loop", "plain_read", "socket"]
)
def test_a_class_may_not_hide_the_channels_state(base: type, name: str) -> None:
    with pytest.raises(TypeError, match=rf"Own defines {name}, where .* choose another name"):
        make(base, **{name: False})


def test_all_the_hidden_names_are_in_the_error() -> None:
    with pytest.raises(TypeError, match="Own defines closed, socket, where"):
        make(Dispatcher, socket=None, closed=property(lambda self: True), other=1)


@pytest.mark.parametrize("base", KINDS)
def test_a_subclass_of_a_subclass_is_checked_too(base: type) -> None:
    class Middle(base):  # type: ignore[misc]  # the base is a parameter
        pass

    with pytest.raises(TypeError, match="defines connected"):
        make(Middle, connected=True)


@pytest.mark.parametrize("base", KINDS)
@pytest.mark.parametrize("name", ["__init__", "close", "end", "flush"])
def test_an_override_that_does_not_call_its_base_is_warned_of(base: type, name: str) -> None:
    with pytest.warns(RuntimeWarning, match=rf"Own.{name}\(\) does not call super\(\).{name}\(\)"):
        make(base, **{name: lambda self, *args: None})


def test_the_warning_points_at_the_class() -> None:
    with pytest.warns(RuntimeWarning) as caught:

        class Own(Dispatcher):
            def close(self) -> None:
                pass

    assert [warning.filename for warning in caught] == [__file__]


def test_overrides_that_call_their_base_pass() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        class Cooperative(AsyncChat):
            def __init__(self, loop: EventLoop, sock: socket.socket) -> None:
                super().__init__(loop, sock)

            def close(self) -> None:
                AsyncChat.close(self)

            def end(self) -> None:
                def later() -> None:
                    super(Cooperative, self).end()

                later()

            def flush(self) -> None:
                self.loop.call_soon(super().flush)

            def handle_close(self) -> None:
                """Not to be called on its base."""

        class WithoutOverrides(Cooperative):
            pass


def test_overrides_that_call_their_base_by_way_of_another_method_pass() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        class Indirect(Dispatcher):
            def close(self) -> None:
                self.clean_up()

            def clean_up(self) -> None:
                self.say_goodbye()

            def say_goodbye(self) -> None:
                self.clean_up_again()
                super().close()

            def clean_up_again(self) -> None:
                if self.closed:
                    self.clean_up()


def test_methods_that_do_not_lead_to_the_base_are_warned_of() -> None:
    with pytest.warns(RuntimeWarning, match=r"Circle.close\(\) does not call super"):

        class Circle(Dispatcher):
            def close(self) -> None:
                self.clean_up()

            def clean_up(self) -> None:
                self.clean_up()

            def unrelated(self) -> None:
                self.close()


def test_only_functions_of_the_class_itself_are_looked_at() -> None:
    """What a decorator or an assignment puts there cannot be seen through."""
    make(Dispatcher, close=Dispatcher.end, end=staticmethod(print))
    check_class(type("Own", (), {"flush": len}))


def test_private_names_of_a_subclass_meet_none_of_the_librarys() -> None:
    """Names with one underscore, such as a program may choose by chance, are free."""
    ours, theirs = socket.socketpair()
    with EventLoop(debug=True) as loop, theirs:
        channel = AsyncChat(loop, ours)
        names = {name for name in (*vars(channel), *dir(AsyncChat)) if name[:1] == "_"}
        assert not {name for name in names if not name.endswith("_")}
