"""A camera, stood in for by a video of a sheet of paper that is moved before it."""

import contextlib
import time

import cv2
import numpy as np
import pytest

import mnist_digit as md
from tests.program import run, wait_until
from tests.real_window import ProgramWindow

RATE = 25  # frames a second
MOVING = 40  # frames until the sheet stands still
STILL = 100  # frames for which it does
FOUR = [[(0, 0), (0, 8), (8, 8)], [(7, 0), (7, 16)]]
TWO = [[(0, 3), (2, 0), (6, 0), (8, 3), (7, 6), (0, 16), (9, 16)]]


def sheet():
    """A sheet of paper that says 42: uint8, 300x200."""
    paper = np.full((200, 300), 235, np.uint8)
    for x, strokes in ((50, FOUR), (145, TWO)):
        digit = md.draw_digit_image([np.array(stroke, float) for stroke in strokes], 2.3)
        ink = cv2.resize(digit, (100, 100), interpolation=cv2.INTER_CUBIC).clip(0, 1)
        area = paper[40:140, x : x + 100]
        np.minimum(area, np.uint8(235 - 190 * ink), out=area)
    return paper


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """The path of a video: the sheet is moved into the picture, turned, and then held still."""
    path = tmp_path_factory.mktemp("video") / "sheet.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), RATE, (640, 480))
    rng = np.random.default_rng(0)
    paper = sheet()
    for number in range(MOVING + STILL):
        way = min(1, number / MOVING)
        turned = cv2.getRotationMatrix2D((150, 100), 20 * (1 - way), 1)
        turned[:, 2] += (-150 + 330 * way, -100 + 240 * way)
        frame = np.full((480, 640), 90, np.uint8)
        cv2.warpAffine(paper, turned, (640, 480), frame, borderMode=cv2.BORDER_TRANSPARENT)
        grain = rng.normal(0, 4, frame.shape)
        frame = np.uint8((frame + grain).clip(0, 255))
        writer.write(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


@pytest.fixture
def open_camera():
    """A function that opens a video as a camera, which is closed when the test has ended."""
    with contextlib.ExitStack() as cameras:
        yield lambda path: cameras.enter_context(contextlib.closing(md.Camera(str(path))))


def test_the_sheet_is_read_rightly_in_nine_of_ten_frames_once_it_stands_still(video, recognizer):
    capture = cv2.VideoCapture(str(video))
    votes = md.Votes()
    right = 0
    for number in range(MOVING + STILL):
        _, picture = capture.read()
        frame = md.Frame(number + 1, number / RATE, picture)
        votes.add(md.Vote(frame, md.read_frame(picture, recognizer)))
        stands = votes.standing
        right += number >= MOVING and stands is not None and stands.reading.text == "42"
    assert right >= 90


def reading_of(text):
    """A reading that says this."""
    predictions = [md.Prediction(int(digit), 1.0, np.zeros(10)) for digit in text]
    return md.Reading([[md.Part(md.Box(0, 0, 9, 9), np.zeros((28, 28)), p) for p in predictions]])


@pytest.mark.parametrize(
    "texts, stands",
    [
        ("7", None),  # one frame is not enough
        ("77 7", "7"),
        ("7777777 1 77", "7"),  # what flickers is not shown
        ("7777777777 11111111111", "1"),
        ("71717171717171", None),
        ("777     7", None),  # mostly nothing
    ],
)
def test_what_was_read_in_most_frames_of_the_last_half_second_stands(texts, stands):
    votes = md.Votes()
    for number, text in enumerate(texts):
        frame = md.Frame(number, number / RATE, np.zeros((9, 9, 3), np.uint8))
        votes.add(md.Vote(frame, None if text == " " else reading_of(text)))
    assert (votes.standing and votes.standing.reading.text) == stands


def test_slow_frames_stand_too():
    votes = md.Votes()
    for number in range(3):
        frame = md.Frame(number, 2.0 * number, np.zeros((9, 9, 3), np.uint8))
        votes.add(md.Vote(frame, reading_of("7")))
    assert votes.standing.reading.text == "7"


def test_a_picture_that_is_held_stands_still_and_can_be_taught(open_camera, video):
    recognizer = md.Recognizer()
    camera = open_camera(video)
    wait_until(lambda: camera.read(recognizer), "a reading")
    before = camera.changes
    wait_until(lambda: camera.changes != before, "the next frame")
    camera.hold()
    held, changes = camera.image, camera.changes
    reading = camera.read(recognizer)
    time.sleep(0.2)
    assert camera.image is held and camera.changes == changes
    digit = (reading.digits[0].digit + 5) % 10
    recognizer.teach(reading.parts[0].image, digit)
    assert camera.read(recognizer).digits[0].digit == digit
    camera.go_on()
    assert not camera.is_held


def test_a_video_waits_at_its_first_frame_until_it_is_read(open_camera, video, recognizer):
    camera = open_camera(video)
    first = camera.image
    time.sleep(0.3)
    assert camera.image is first
    camera.read(recognizer)
    wait_until(lambda: camera.image is not first, "the second frame")


def test_a_picture_that_is_saved_is_held_so_that_its_boxes_fit(open_camera, video, tmp_path):
    camera = open_camera(video)
    window = md.Window(md.Recognizer(), [camera], tmp_path)
    wait_until(window.read, "a reading")
    window.press("s")
    assert camera.is_held
    saved = cv2.imread(str(tmp_path / "sheet-read.png"))
    assert np.array_equal(saved, md.annotated(camera.image, window.read()))


def test_what_was_read_before_a_pause_does_not_stand_after_it(
    open_camera, video, recognizer, monkeypatch
):
    camera = open_camera(video)
    monkeypatch.setattr(md, "read_frame", lambda picture, recognizer: reading_of("7"))
    wait_until(lambda: camera.read(recognizer), "a reading")
    camera.hold()
    monkeypatch.setattr(md, "read_frame", lambda picture, recognizer: None)
    camera.go_on()
    assert camera.read(recognizer) is None


def test_frames_that_cannot_be_read_end_the_camera_in_a_line(
    open_camera, video, recognizer, monkeypatch
):
    def fail(picture, recognizer):
        raise cv2.error("no memory is left")

    monkeypatch.setattr(md, "read_frame", fail)
    camera = open_camera(video)
    camera.read(recognizer)
    with pytest.raises(ValueError, match=r"sheet\.avi: cannot be read \(no memory is left\)"):
        wait_until(camera.check, "the failure")


def test_the_last_frame_of_a_video_stays(open_camera, tmp_path, recognizer):
    path = tmp_path / "short.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), RATE, (640, 480))
    for level in (50, 100, 200):
        writer.write(np.full((480, 640, 3), level, np.uint8))
    writer.release()
    camera = open_camera(path)
    camera.read(recognizer)
    wait_until(lambda: camera.image.mean() > 190, "the last frame")
    time.sleep(0.1)
    camera.check()
    assert camera.read(recognizer) is None and camera.image.shape == (480, 640, 3)


@pytest.mark.parametrize("frames", [3, 6])
def test_what_stands_when_a_video_has_ended_is_what_its_last_frames_say(
    open_camera, tmp_path, recognizer, frames
):
    path = tmp_path / "changes.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), RATE, (300, 200))
    for number in range(30 + frames):
        shown = sheet() if number < 30 else sheet()[:, :142]  # then the 2 is covered
        page = np.full((200, 300), 235, np.uint8)
        page[:, : shown.shape[1]] = shown
        writer.write(cv2.cvtColor(page, cv2.COLOR_GRAY2BGR))
    writer.release()
    camera = open_camera(path)
    wait_until(lambda: camera.read(recognizer), "a reading")
    wait_until(lambda: str(camera.read(recognizer)).startswith("4 ("), "the last frame's digit")
    camera.hold()
    assert camera.read(recognizer).text == "4"


@pytest.mark.parametrize("name", ["none.avi", "folder", "notes.txt"])
def test_what_is_no_camera_and_no_video_is_named_in_a_line(tmp_path, monkeypatch, name, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.txt").write_text("no video")
    assert md.main(["--camera", name]) == 1
    out, err = capfd.readouterr()
    assert not out and err.count("\n") == 1 and name in err and err.startswith("mnist_digit: ")


class GoingAway:
    """A cv2.VideoCapture that gives ten pictures and no more."""

    def __init__(self, _source):
        self.left = 10

    def isOpened(self):  # noqa: N802  cv2's name
        return True

    def read(self):
        self.left -= 1
        return self.left >= 0, np.zeros((480, 640, 3), np.uint8)

    def release(self):
        pass


def test_a_camera_that_goes_away_is_named(monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", GoingAway)
    camera = md.Camera("0")
    with pytest.raises(ValueError, match="camera 0: gives no more pictures"):
        wait_until(camera.check, "the camera to go away")


class Stuck(GoingAway):
    """A cv2.VideoCapture that never answers."""

    def read(self):
        time.sleep(3600)


def test_a_camera_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", Stuck)
    monkeypatch.setattr(md, "OPENING_SECONDS", 0.1)
    with pytest.raises(ValueError, match="camera 0: gives no picture"):
        md.Camera("0")


class Broken(GoingAway):
    """A cv2.VideoCapture that fails, and notes whether it was released."""

    is_released = False

    def read(self):
        raise cv2.error("no memory is left")

    def release(self):
        Broken.is_released = True


def test_a_camera_that_fails_is_let_go(monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", Broken)
    with pytest.raises(ValueError, match="cannot be read"):
        md.Camera("0")
    assert Broken.is_released


def test_the_window_reads_a_video_live_and_enter_prints_it(video, display, tmp_path):
    window = ProgramWindow(display, tmp_path, tmp_path, "--camera", video)
    try:
        lines = []

        def reads_42():
            window.press("Return")
            lines[:] = window.lines
            return lines and lines[-1].startswith("42 (")

        wait_until(reads_42, "the sheet's number")
        window.press("q")
        assert window.wait() == 0 and window.errors == ""
    finally:
        window.stop()


def test_no_camera_ends_the_program():
    """Also the thread that tried to open it."""
    outcome = run("--camera", "77")
    assert outcome[:3] == (1, "", "mnist_digit: camera 77: no such camera\n")


@pytest.fixture
def one_frame(tmp_path):
    """The path of a video of a single frame."""
    path = tmp_path / "one.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), RATE, (300, 200))
    writer.write(cv2.cvtColor(sheet(), cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


def test_the_last_frame_of_a_video_is_read_again_after_it_was_held(
    open_camera, one_frame, recognizer
):
    camera = open_camera(one_frame)
    wait_until(lambda: camera.read(recognizer), "a reading")
    camera.hold()
    camera.go_on()
    wait_until(lambda: camera.read(recognizer), "the same reading")
    assert camera.read(recognizer).text == "42"


def test_a_part_that_is_chosen_holds_the_picture(open_camera, one_frame, recognizer):
    camera = open_camera(one_frame)
    window = md.Window(recognizer, [camera])
    wait_until(lambda: camera.read(recognizer), "a reading")
    part = window.layout.part_boxes(window.view())[1]
    window.on_mouse(cv2.EVENT_LBUTTONDOWN, *map(round, part.center), 0)
    assert window.chosen == 1 and camera.is_held
    window.press("space")
    assert window.chosen is None and not camera.is_held


def test_a_camera_is_not_gone_because_the_program_stood_still(monkeypatch):
    film = md.Film("0")
    seconds = [100.0]
    monkeypatch.setattr(md.time, "monotonic", lambda: seconds[0])
    film.check()
    seconds[0] += 2 * md.SILENT_SECONDS  # as after Ctrl-Z
    film.check()
    with pytest.raises(ValueError, match="gives no more pictures"):
        for _ in range(20):
            seconds[0] += 0.5
            film.check()


def test_with_reading_along_off_enter_holds_what_it_reads(open_camera, video, recognizer):
    camera = open_camera(video)
    window = md.Window(recognizer, [camera])
    wait_until(lambda: camera.read(recognizer), "a reading")
    window.press("l")
    window.press("enter")
    changes = camera.changes
    time.sleep(0.2)  # frames go by
    assert camera.changes == changes and window.view().reading.text


def test_a_video_that_is_too_narrow_to_be_read_is_refused(tmp_path):
    path = tmp_path / "narrow.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), RATE, (1920, 16))
    writer.write(np.full((16, 1920, 3), 200, np.uint8))
    writer.release()
    with pytest.raises(ValueError, match=r"narrow\.avi: cannot be read \(640x5 pixels are too"):
        md.Camera(str(path))
