"""What all doors share: sessions, certificates, ports.

Each door is a folder: ``line/`` for telnet, nc and the terminal client, ``web/`` for browsers.
"""
