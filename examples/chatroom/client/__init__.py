"""The terminal client: a separate program that reaches the server over the network only."""
