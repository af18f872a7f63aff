"""The tests, what they share, and the measurements."""

import os

# As the program does when it starts, before NumPy is imported: see there.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
