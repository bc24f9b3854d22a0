"""The line door: telnet, nc, and the terminal client, which speaks what telnet speaks."""
