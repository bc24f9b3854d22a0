"""The laboratory behind `python3 -m examples.servers.compare`.

It puts every server of examples/servers under the same load and writes down what happened. How, and
why so:

* Rounds are interleaved: within a round each server is measured once at each size, and the order
  rotates. Whatever else the machine does then hits all of them alike.
* Server and load are kept on a core each, where there are two. A server that forks has only that
  one core too: what is compared is what a message costs, not how many cores were bought for it.
* The load is a closed loop: each connection sends its next message when the last one came back.
  Under full load the latency is therefore the length of the queue, and a server that stalls is sent
  less meanwhile: what clients that do not wait would feel is worse than the table (this is known as
  coordinated omission). The idle runs, where one connection talks, are free of queues.
* The load's loop is compiled, so that it is faster than the servers; without a C compiler it is
  Python's, and the command says so. Two programs of our own calibrate it (calibration.py). The
  `ceiling` answers before it is asked and shows what the load can do at most. The `floor` is the
  least that an echo can cost in Python. A figure for which the load was busy, or near its ceiling,
  is marked in the table.
* All servers run under the same settings of the C library's allocator, with raised thresholds
  (examples/bench/allocator.py). Those whose figures depend on them are measured under the system's
  own too; a note under the table says what these change.

One file, one idea: contestants.py the servers, plan.py the workloads, crowd.py the connections,
closed_loop.py the load, tree.py what the system says of a server's processes, warden.py and
server.py their life and certain death, trial.py one measurement, rounds.py all of them, figures.py
the sums, table.py, digest.py, files.py and plots.py what is shown, page.py where it goes.
"""
