"""The surface of CPython 3.11's asyncore and asynchat: names, parameters, values.

``test_parity.py`` checks this record against the originals where there are any, and ours against
the record everywhere.
"""

NO_PARAMETERS = "()"
SELF = "(self)"

NAMES = {
    "asyncore": [
        "EAGAIN",
        "EALREADY",
        "EBADF",
        "ECONNABORTED",
        "ECONNRESET",
        "EINPROGRESS",
        "EINVAL",
        "EISCONN",
        "ENOTCONN",
        "EPIPE",
        "ESHUTDOWN",
        "EWOULDBLOCK",
        "_DISCONNECTED",
        "_reraised_exceptions",
        "errorcode",
        "os",
        "select",
        "socket",
        "socket_map",
        "sys",
        "time",
        "warnings",
    ],
    "asynchat": ["asyncore", "deque"],
}
"""What is neither a function nor a class of the module's own."""

FUNCTIONS = {
    "asyncore": {
        "_exception": "(obj)",
        "_strerror": "(err)",
        "close_all": "(map=None, ignore_all=False)",
        "compact_traceback": NO_PARAMETERS,
        "loop": "(timeout=30.0, use_poll=False, map=None, count=None)",
        "poll": "(timeout=0.0, map=None)",
        "poll2": "(timeout=0.0, map=None)",
        "poll3": "(timeout=0.0, map=None)",
        "read": "(obj)",
        "readwrite": "(obj, flags)",
        "write": "(obj)",
    },
    "asynchat": {"find_prefix_at_end": "(haystack, needle)"},
}

BASES = {
    "asyncore.ExitNow": ("Exception",),
    "asyncore.dispatcher": ("object",),
    "asyncore.dispatcher_with_send": ("dispatcher",),
    "asyncore.file_wrapper": ("object",),
    "asyncore.file_dispatcher": ("dispatcher",),
    "asynchat.async_chat": ("dispatcher",),
    "asynchat.simple_producer": ("object",),
}

METHODS = {
    "asyncore.ExitNow": {},
    "asyncore.dispatcher": {
        "__init__": "(self, sock=None, map=None)",
        "__repr__": SELF,
        "accept": SELF,
        "add_channel": "(self, map=None)",
        "bind": "(self, addr)",
        "close": SELF,
        "connect": "(self, address)",
        "create_socket": (
            "(self, family=<AddressFamily.AF_INET: 2>, type=<SocketKind.SOCK_STREAM: 1>)"
        ),
        "del_channel": "(self, map=None)",
        "handle_accept": SELF,
        "handle_accepted": "(self, sock, addr)",
        "handle_close": SELF,
        "handle_connect": SELF,
        "handle_connect_event": SELF,
        "handle_error": SELF,
        "handle_expt": SELF,
        "handle_expt_event": SELF,
        "handle_read": SELF,
        "handle_read_event": SELF,
        "handle_write": SELF,
        "handle_write_event": SELF,
        "listen": "(self, num)",
        "log": "(self, message)",
        "log_info": "(self, message, type='info')",
        "readable": SELF,
        "recv": "(self, buffer_size)",
        "send": "(self, data)",
        "set_reuse_addr": SELF,
        "set_socket": "(self, sock, map=None)",
        "writable": SELF,
    },
    "asyncore.dispatcher_with_send": {
        "__init__": "(self, sock=None, map=None)",
        "handle_write": SELF,
        "initiate_send": SELF,
        "send": "(self, data)",
        "writable": SELF,
    },
    "asyncore.file_wrapper": {
        "__del__": SELF,
        "__init__": "(self, fd)",
        "close": SELF,
        "fileno": SELF,
        "getsockopt": "(self, level, optname, buflen=None)",
        "read": "(self, *args)",
        "recv": "(self, *args)",
        "send": "(self, *args)",
        "write": "(self, *args)",
    },
    "asyncore.file_dispatcher": {"__init__": "(self, fd, map=None)", "set_file": "(self, fd)"},
    "asynchat.async_chat": {
        "__init__": "(self, sock=None, map=None)",
        "_collect_incoming_data": "(self, data)",
        "_get_data": SELF,
        "close_when_done": SELF,
        "collect_incoming_data": "(self, data)",
        "discard_buffers": SELF,
        "found_terminator": SELF,
        "get_terminator": SELF,
        "handle_close": SELF,
        "handle_read": SELF,
        "handle_write": SELF,
        "initiate_send": SELF,
        "push": "(self, data)",
        "push_with_producer": "(self, producer)",
        "readable": SELF,
        "set_terminator": "(self, term)",
        "writable": SELF,
    },
    "asynchat.simple_producer": {"__init__": "(self, data, buffer_size=512)", "more": SELF},
}

ATTRIBUTES: dict[str, dict[str, object]] = {
    "asyncore.dispatcher": {
        "accepting": False,
        "addr": None,
        "closing": False,
        "connected": False,
        "connecting": False,
        "debug": False,
        "ignore_log_types": frozenset({"warning"}),
    },
    "asynchat.async_chat": {
        "ac_in_buffer_size": 65536,
        "ac_out_buffer_size": 65536,
        "encoding": "latin-1",
        "use_encoding": 0,
    },
}
