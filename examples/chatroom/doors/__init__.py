"""The ways in.  Here lies what every door needs: sessions, certificates, ports.

Each door is a folder: ``line/`` for telnet and its like, ``web/`` for browsers.
"""
