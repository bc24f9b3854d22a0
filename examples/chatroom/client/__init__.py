"""The terminal client: a program of its own, which meets the server on the network alone."""
