"""The module as other programs import it: without effects."""

from tests.program import run

# Prints True where importing the module has left the environment and the streams as they were.
IMPORT_AND_COMPARE = """
import os, sys
import cv2, numpy  # what these change by themselves is theirs
def state():
    return dict(os.environ), os.getcwd(), sys.stdin, sys.stdout, sys.stderr, list(sys.path)
before = state()
import mnist_digit
print(state() == before, sorted({"tensorflow", "keras", "matplotlib"} & set(sys.modules)))
"""

IMPORT_WITH_A_CLOSED_STREAM = """
import sys
import mnist_digit
print(sys.stderr is None)
"""

IMPORT_WITHOUT_OPENCV = """
import sys
sys.modules["cv2"] = None
try:
    import mnist_digit
except ImportError as error:
    print(error.name)
"""


def test_importing_changes_nothing_and_imports_no_tensorflow():
    outcome = run(code=IMPORT_AND_COMPARE)
    assert (outcome.out, outcome.err) == ("True []\n", "")


def test_importing_without_opencv_is_an_import_error():
    assert run(code=IMPORT_WITHOUT_OPENCV)[:3] == (0, "cv2\n", "")


def test_importing_leaves_a_closed_stream_closed():
    closing = ("sh", "-c", 'exec "$@" 2>&-', "sh")
    assert run(code=IMPORT_WITH_A_CLOSED_STREAM, through=closing)[:2] == (0, "True\n")
