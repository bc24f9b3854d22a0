"""One program, step by step from asyncore to miniloop: see docs/howto/port-from-asyncore.md."""
