"""A virtual screen, and the program's window on it, used by mouse, keys and eyes."""

from __future__ import annotations

import ctypes
import ctypes.util
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

import mnist_digit
from tests.program import PATIENCE, PROGRAM, ROOT, environment, restore_signals, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


TOOLS = {
    "Xvfb": "xvfb",
    "xdotool": "xdotool",
    "import": "imagemagick",
    "setxkbmap": "x11-xkb-utils",
}  # and their Debian packages
ASIDE = (892, 552)  # a place in the window where the pointer points at nothing


def put_text(  # noqa: PLR0913  as cv2.putText
    image: np.ndarray, text: str, x: int, y: int, size: int, colour, weight=400, face="sans"
) -> None:
    """Put text on a BGR image as the window does, its baseline at y and its left end at x."""
    cv2.putText(image, text, (x, y), colour, mnist_digit.font(face, weight), size, weight)


class Display:
    """A virtual screen: Xvfb on a display number that it finds free."""

    def __init__(self, width: int = 1280, height: int = 720) -> None:
        screen = f"-screen 0 {width}x{height}x24"
        command = f"Xvfb -displayfd 1 {screen} -nolisten tcp -noreset".split()
        self._server = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        number = self._server.stdout.readline().strip()
        assert number, "Xvfb did not start"
        self.name = f":{number}"

    def __enter__(self) -> Display:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._server.stdout.close()

    def stop(self, by_force: bool = False) -> None:
        """End the screen, and with it the connections of all programs on it."""
        if by_force:
            self._server.kill()
        else:
            self._server.terminate()
        self._server.wait()

    def set_dpi(self, dpi: int) -> None:
        """Say how fine the screen is, as desktops do: in the root window's resources."""
        x11 = ctypes.CDLL("libX11.so.6")
        x11.XOpenDisplay.restype = ctypes.c_void_p
        display = ctypes.c_void_p(x11.XOpenDisplay(self.name.encode()))
        x11.XDefaultRootWindow.restype = ctypes.c_ulong
        root = ctypes.c_ulong(x11.XDefaultRootWindow(display))
        text = f"Xft.dpi:\t{dpi}\n".encode()
        resource_manager, string, replace = ctypes.c_ulong(23), ctypes.c_ulong(31), 0  # X11/Xatom.h
        x11.XChangeProperty(display, root, resource_manager, string, 8, replace, text, len(text))
        x11.XCloseDisplay(display)

    def run(self, *command: object) -> bytes:
        """Run a tool on this display; return what it printed."""
        words = [str(word) for word in command]
        done = subprocess.run(
            words, env=environment(DISPLAY=self.name), capture_output=True, timeout=PATIENCE
        )
        assert done.returncode == 0, f"{words[0]}: {done.stderr.decode()}"
        return done.stdout


class ProgramWindow:
    """The program in a real window, used as a person would: by mouse, keys and eyes.

    Points are in pixels of the window's picture at its usual size, whatever size it has. folder is
    where the program is started, and so where it saves; what it prints is kept in notes, and so is
    the hand that it learns, unless the arguments say otherwise. code starts it in another way.
    """

    def __init__(
        self, display: Display, folder: Path, notes: Path, *arguments: object,
        stdout: Path | None = None, code: str = "", **variables: str,
    ) -> None:  # fmt: skip
        self.display = display
        self._stdout, self._stderr = stdout or notes / "stdout", notes / "stderr"
        with open(self._stdout, "wb") as out, open(self._stderr, "wb") as err:
            program = ["-c", code] if code else [PROGRAM]
            words = [sys.executable, *program, "--hand", notes / "hand.npz", *arguments]
            self.process = subprocess.Popen(
                [str(word) for word in words],
                cwd=folder,
                env=environment(DISPLAY=display.name, PYTHONPATH=str(ROOT), **variables),
                stdout=out,
                stderr=err,
                preexec_fn=restore_signals,
            )
        self.id = int(wait_until(self._find, "the window").split()[0])
        wait_until(self._is_painted, "the window's first picture")
        self.mouse("windowfocus", "--sync", self.id)  # there is no window manager to do it
        self.still()
        self.size = self.geometry()[2:]
        self.mouse(*self.at(*ASIDE))

    def _find(self) -> bytes:
        assert self.process.poll() is None, f"the program ended: {self.errors}"
        search = ["xdotool", "search", "--onlyvisible", "--name", f"^{mnist_digit.WINDOW_TITLE}$"]
        found = subprocess.run(
            search, env=environment(DISPLAY=self.display.name), capture_output=True
        )
        return found.stdout if found.returncode == 0 else b""

    def _is_painted(self) -> bool:
        """Whether there is a picture in the window; where there is none for long, map it anew.

        Without a window manager and on a busy machine Qt now and then misses that its window
        has been mapped, and then never paints; so does every window of cv2's.
        """
        end = time.monotonic() + 1
        while time.monotonic() < end:
            if self.screenshot().std() > 1:
                return True
        self.mouse("windowunmap", "--sync", self.id, "windowmap", "--sync", self.id)
        return False

    def geometry(self) -> tuple[int, int, int, int]:
        """The window's place on the screen and its size: x, y, width, height."""
        text = self.display.run("xdotool", "getwindowgeometry", "--shell", self.id).decode()
        values = dict(line.split("=") for line in text.split())
        return tuple(int(values[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))

    # --- hands

    def mouse(self, *words: object) -> None:
        """Do what xdotool's commands say."""
        self.display.run("xdotool", *words)

    def at(self, x: float, y: float) -> list[object]:
        """The words for xdotool that move the pointer to a point."""
        # The middle of the point, for a pixel of a small window stands for several.
        scale = min(np.divide(self.size, mnist_digit.WINDOW_SIZE))
        return ["mousemove", "--window", self.id, int((x + 0.5) * scale), int((y + 0.5) * scale)]

    def draw(
        self,
        strokes: Sequence[Sequence[tuple[float, float]]],
        button: int = 1,
        pause: float = 0.004,
    ) -> None:
        """Draw strokes by real mouse events, pause seconds apart, and take the pointer aside."""
        words = []
        for first, *others in strokes:
            words += [*self.at(*first), "mousedown", button]
            for point in others:
                words += ["sleep", pause, *self.at(*point)]
            words += ["sleep", pause, "mouseup", button, "sleep", pause]
        self.mouse(*words, *self.at(*ASIDE))

    def wheel(self, steps: int) -> None:
        """Turn the wheel, away from the person where steps > 0."""
        self.mouse("click", "--repeat", abs(steps), "--delay", 20, 4 if steps > 0 else 5)

    def press(self, *keys: str) -> None:
        """Press keys, named as X names them, as fast as a person does."""
        for key in keys:
            self.mouse("key", key, "sleep", 0.1)

    def resize(self, width: int, height: int) -> None:
        self.mouse("windowmove", self.id, 0, 0, "windowsize", "--sync", self.id, width, height)
        self.size = (width, height)
        wait_until(lambda: self.screenshot().shape[:2] == (height, width), "the new size")
        self.still()

    def close(self) -> None:
        """Press the close button: send what a window manager then sends."""
        xcb = ctypes.CDLL(ctypes.util.find_library("xcb"))
        xcb.xcb_connect.restype = ctypes.c_void_p
        xcb.xcb_intern_atom_reply.restype = ctypes.POINTER(ctypes.c_uint32)
        connection = ctypes.c_void_p(xcb.xcb_connect(self.display.name.encode(), None))

        def atom(name: bytes) -> int:
            return xcb.xcb_intern_atom_reply(
                connection, xcb.xcb_intern_atom(connection, 0, len(name), name), None
            )[2]

        atoms = atom(b"WM_PROTOCOLS"), atom(b"WM_DELETE_WINDOW")
        message = struct.pack(
            "=BBHIIIIIII", 33, 32, 0, self.id, *atoms, 0, 0, 0, 0
        )  # 33: ClientMessage
        xcb.xcb_send_event(connection, 0, self.id, 0, message)
        atom(b"WM_PROTOCOLS")  # answered only when all before it has been done
        xcb.xcb_disconnect(connection)

    # --- eyes

    def screenshot(self) -> np.ndarray:
        """The window as it is on the screen: uint8 BGR, shape (height, width, 3)."""
        assert self.process.poll() is None, f"the program ended: {self.errors}"
        png = self.display.run("import", "-silent", "-window", self.id, "ppm:-")
        return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)

    def see(self, condition: Callable[[np.ndarray], object], what: str) -> np.ndarray:
        """The first screenshot that meets the condition."""

        def look() -> list[np.ndarray]:
            picture = self.screenshot()
            return [picture] if condition(picture) else []

        return wait_until(look, what)[0]

    def still(self) -> np.ndarray:
        """A screenshot, when everything that was done has been dealt with and nothing moves."""
        pictures = [self.screenshot()]

        def look() -> bool:
            time.sleep(0.2)
            pictures.append(self.screenshot())
            return np.array_equal(*pictures[-2:])

        wait_until(look, "the window to be still")
        return pictures[-1]

    @property
    def lines(self) -> list[str]:
        """What stands on standard output so far."""
        return self._stdout.read_text().splitlines()

    @property
    def errors(self) -> str:
        """What stands on standard error so far."""
        return self._stderr.read_text()

    def read(self) -> str:
        """Press Enter; return the line that it printed."""
        before = len(self.lines)
        self.press("Return")
        wait_until(lambda: len(self.lines) > before, "a printed line")
        return self.lines[before]

    # --- the end

    def wait(self) -> int:
        """The exit status, when the program has ended."""
        return self.process.wait(PATIENCE)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def in_canvas(strokes: Sequence[np.ndarray], margin: float = 90) -> list[np.ndarray]:
    """Strokes moved and scaled to fill the canvas but for a margin."""
    points = np.concatenate(strokes)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    scale = (mnist_digit.CANVAS_SIZE - 2 * margin) / extent.max()
    shift = mnist_digit.CANVAS_SIZE / 2 - (low + extent / 2) * scale
    return [stroke * scale + shift for stroke in strokes]
