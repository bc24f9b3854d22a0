"""Connecting, reconnecting, accepting and TLS."""
