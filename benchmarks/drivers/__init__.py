"""One file per way to make the picture: a process of its own that makes one, and notes when what was done.

Started as `python -m benchmarks.drivers.NAME JOB.json` from the repository root, with LAPDRAW_STARTED set to
the time of the start. All agree on what a mark means (clock.py) and on what they answer (answer.py).
"""
