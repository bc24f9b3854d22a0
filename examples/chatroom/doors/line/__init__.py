"""The line door: lines over TCP, for telnet, nc and the terminal client."""
