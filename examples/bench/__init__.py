"""The benchmark: miniloop beside a hand-written epoll loop, asyncio, uvloop and Twisted.

`python -m examples.bench` runs it. How it is made, and why:

* Every contestant is a server in a process of its own, pinned to one core; the load is on another.
* Rounds are interleaved: within one round each contestant is measured once, for a fraction of a
  second, and the order rotates. Whatever else the machine does then hits all of them alike, and the
  *ratio within a round* is far steadier than any figure by itself.
* Two figures a run: messages a second, and messages a second of the server's CPU time. The first is
  what users see; the second stays true where the load generator was the slower side.

plan.py has the table of workloads and targets, servers/ the contestants, load.py what is sent.
"""
