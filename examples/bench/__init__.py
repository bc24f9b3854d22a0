"""The benchmark: miniloop beside a hand-written epoll loop, asyncio, uvloop and Twisted.

`python3 -m examples.bench` runs it. How it is made, and why:

* Every contestant is a server in a process of its own, pinned to one core; the load is on another.
* Rounds are interleaved: within one round each contestant is measured once, for a fraction of a
  second, and the order rotates. Whatever else the machine does then hits all of them alike, and the
  *ratio within a round* is far steadier than any figure by itself.
* Two figures a run: messages a second, and messages a second of the server's CPU time. The first
  is what users see; the second stays true where the load generator was the slower side.
* The load is compiled (loops.c), so that it is not the slower side. It notes how long it had to
  wait for the server; where that is hardly ever, the rate gets an asterisk. What it can do at most
  is measured in each workload beside a server in C (servers/reflector.py). Without a C compiler the
  load is Python's, and the command says so.
* All servers run under the same settings of the C library's allocator (allocator.py). asyncio,
  which depends on them, is shown under the system's own too, beside ours under the same.

plan.py has the table of workloads and goals, servers/ the contestants, load.py what is sent. Every
server does the same work in the way of its framework: an object for a connection, a call for a
line, a call that answers it. How each one sends is said in its file.
"""
