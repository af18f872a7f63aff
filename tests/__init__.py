"""What each file here is for.

test_*.py             the tests, a file for each part of the program; pytest skips those marked
                      slow unless it is asked for them: pytest tests -m slow
conftest.py           the tests' fixtures
program.py            runs the program in a process of its own
real_window.py        a virtual screen, and the program's window on it, used by mouse, keys and eyes
tiny_training.py      a training that takes seconds
handwritten.py        digits and letters as people write them
fault_injection.py    kills the program, fills its disk, locks and damages its files
hostile_files.py      pictures, networks and data that are made to do harm
benchmark/            measures how well and how fast it reads: python -m tests.benchmark --help
published_strokes.py  reads what people wrote, as two datasets publish it
make_handwriting.py   makes model/handwriting.npz of it: python -m tests.make_handwriting --help
readme_pictures.py    makes README's pictures of the window: python -m tests.readme_pictures
"""

import os

# As the program does when it starts, before NumPy is imported: see there.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
