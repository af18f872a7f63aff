"""Pictures in the window: what is shown, read and taught, one after the other."""

import io
import os

import cv2
import numpy as np
import pytest

import mnist_digit as md
from tests.handwritten import rows_of_sevens

SEVEN = [[(0, 0), (9, 0), (3, 16)]]
ONE = [[(4, 0), (4, 16)]]


def paper_with(*numbers, scale=1):
    """A picture of numbers, each digit a list of strokes, dark on light: uint8."""
    picture = np.full((300, 420), 240, np.uint8)
    x = 60
    for strokes in numbers:
        digit = md.draw_digit_image([np.array(stroke, float) for stroke in strokes], 2.3)
        ink = cv2.resize(digit, (140, 140), interpolation=cv2.INTER_CUBIC).clip(0, 1)
        area = picture[70:210, x : x + 140]
        np.minimum(area, np.uint8(240 - 200 * ink), out=area)
        x += 130
    return cv2.resize(picture, None, fx=scale, fy=scale)


@pytest.fixture
def files(tmp_path):
    """Two image files: they say 71 and 7."""
    paths = [tmp_path / "first.png", tmp_path / "second.png"]
    cv2.imwrite(str(paths[0]), paper_with(SEVEN, ONE))
    cv2.imwrite(str(paths[1]), paper_with(SEVEN))
    return paths


def picture_in(path):
    return md.Picture(path.name, md.open_picture(path))


def test_a_picture_reads_as_its_file_does(files, recognizer):
    picture, file = picture_in(files[0]), md.read_file(files[0], recognizer)
    reading = picture.read(recognizer)
    assert str(reading) == str(file) and reading.text == "71"
    assert [part.box for part in reading.parts] == [part.box for part in file.parts]
    assert picture.read(recognizer) is reading


@pytest.mark.parametrize("kind", ["grey", "colour", "transparent", "16 bits"])
def test_every_kind_of_picture_is_shown(kind):
    grey = paper_with(SEVEN)
    stored = {
        "grey": grey,
        "colour": cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR),
        "transparent": cv2.merge([grey, grey, grey, np.uint8(255 * (grey < 200))]),
        "16 bits": np.uint16(grey) * 200,
    }[kind]
    picture = md.Picture("a", stored)
    assert picture.image.shape[:2] == (300, 420) and picture.image.dtype == np.uint8
    assert np.ptp(picture.image) > 50


def test_a_grey_picture_is_shown_as_a_coloured_one_is(recognizer):
    grey = paper_with(SEVEN, ONE)  # two parts, so that they are outlined
    frames = []
    for stored in (grey, cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)):
        window = md.Window(recognizer, [md.Picture("a", stored)])
        window.press("w")
        frames.append(window.frame())
    assert np.array_equal(*frames)


def test_boxes_fit_a_huge_picture_as_it_is_shown(recognizer):
    picture = md.Picture("huge", paper_with(SEVEN, ONE, scale=10))
    assert max(picture.image.shape) == 1600
    for part in picture.read(recognizer).parts:
        inside = picture.image[part.box.y : part.box.bottom, part.box.x : part.box.right]
        assert inside.min() < 100 and inside.max() > 200
        assert part.box.clipped(md.Box(0, 0, *md.size_of(picture.image))) == part.box


def test_a_blank_picture_is_shown_and_reads_as_nothing(recognizer):
    picture = md.Picture("blank", np.full((200, 300), 255, np.uint8))
    assert picture.read(recognizer) is None and picture.digit_image() is None


def test_a_picture_is_read_again_when_more_was_taught(files):
    recognizer = md.Recognizer()
    picture = picture_in(files[1])
    image = picture.read(recognizer).parts[0].image
    recognizer.teach(image, 4)
    assert picture.read(recognizer).text == "4"
    recognizer.forget()
    assert picture.read(recognizer).text == "7"


def test_the_keys_go_through_pictures_teach_and_save_them(files, tmp_path, capfd):
    folder = tmp_path / "saved"
    folder.mkdir()
    window = md.Window(md.Recognizer(), [picture_in(path) for path in files], folder)
    window.press("enter")
    window.press("right")
    window.press("enter")
    window.press("s")
    window.press("4")
    window.press("enter")
    window.press("left")
    window.press("s")
    assert [line.split(" ")[0] for line in capfd.readouterr().out.splitlines()] == ["71", "7", "4"]
    assert {path.name for path in folder.iterdir()} == {"first-read.png", "second-read.png"}
    copy = cv2.imread(str(folder / "first-read.png"))
    assert copy.shape == (300, 420, 3) and not np.array_equal(copy, window.source.image)


def test_a_click_on_a_part_of_a_picture_chooses_what_a_digit_is_for(files):
    window = md.Window(md.Recognizer(), [picture_in(files[0])])
    part = window.layout.part_boxes(window.view())[1]
    x, y = part.x + part.width // 2, part.y + part.height // 2
    window.on_mouse(cv2.EVENT_LBUTTONDOWN, x, y, cv2.EVENT_FLAG_LBUTTON)
    window.on_mouse(cv2.EVENT_LBUTTONUP, x, y, 0)
    window.press("4")
    assert window.read().text == "74"


def test_what_help_hides_cannot_be_clicked(files):
    window = md.Window(md.Recognizer(), [picture_in(files[0])])
    part = window.layout.part_boxes(window.view())[1]
    window.press("h")
    window.on_mouse(cv2.EVENT_LBUTTONDOWN, round(part.center[0]), round(part.center[1]), 0)
    assert window.chosen is None


def test_the_wheel_over_a_picture_leaves_a_typed_number(files):
    window = md.Window(md.Recognizer(), [picture_in(files[0])])
    window.press("7")
    window.on_wheel(120)
    assert "right: 7" in window.message
    window.press("4")
    assert window.read().text == "74"


@pytest.mark.parametrize("name", ["u", "y", "c", "e", "]", "["])
def test_keys_that_draw_say_that_a_picture_cannot_be_drawn_on(files, name):
    window = md.Window(md.Recognizer(), [picture_in(files[0])])
    before = window.source.image.copy()
    window.press(name)
    assert "picture" in window.message
    assert np.array_equal(window.source.image, before)


def test_a_blank_picture_says_that_nothing_is_read(capfd):
    picture = md.Picture("blank", np.full((200, 300), 255, np.uint8))
    window = md.Window(md.Recognizer(), [picture])
    for key in ("enter", "s", "4"):
        window.press(key)
        assert "Nothing" in window.message
    assert capfd.readouterr().out == ""


def test_a_copy_is_saved_beside_what_another_window_saved_just_now(files, tmp_path):
    (tmp_path / "first-read.png").symlink_to("nowhere")  # exists() says that it is not there
    window = md.Window(md.Recognizer(), [picture_in(files[0])], tmp_path)
    window.press("s")
    assert "first-read-2.png" in window.message
    assert (tmp_path / "first-read-2.png").stat().st_size


def test_a_picture_on_standard_input_has_a_name(files, monkeypatch):
    piped = io.TextIOWrapper(io.BytesIO(files[0].read_bytes()))
    monkeypatch.setattr("sys.stdin", piped)
    assert md.open_as_source("-").name == "standard input"


def test_standard_input_that_cannot_be_read_stops_no_other_file(
    files, monkeypatch, tmp_path, capsys
):
    with (tmp_path / "written").open("w") as only_written:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(only_written.buffer))
        assert md.main(["-", str(files[0])]) == 1
    out, err = capsys.readouterr()
    assert out.startswith(f"{files[0]}: 71 (")
    assert err.count("\n") == 1 and err.startswith("mnist_digit: standard input: cannot be read")


@pytest.mark.parametrize("option", ["--show", "--open"])
def test_pictures_open_the_window(files, monkeypatch, option):
    shown = []
    monkeypatch.setattr(md, "check_display", lambda: None)
    monkeypatch.setattr(md.Window, "run", lambda window: shown.append(window.source.name))
    assert md.main([option, str(files[0])]) == 0
    assert shown == ["first.png"]


def test_what_is_no_picture_is_not_shown(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("no picture")
    assert md.main(["--show", str(tmp_path / "notes.txt")]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "notes.txt" in err


def test_a_file_whose_name_is_no_text_is_shown(files):
    strange = md.Picture(os.fsdecode(b"bad\xff.png"), paper_with(SEVEN))
    window = md.Window(md.Recognizer(), [picture_in(files[0]), strange])
    window.press("right")
    assert r"bad\udcff.png" in md.printable(window.message)
    assert window.frame().any()


def test_the_bars_of_a_refused_picture_say_so_too(recognizer):
    part = md.read_image(paper_with(SEVEN), recognizer).parts[0]
    assert part.prediction.digit == 7
    (refused,) = md.refused(md.Reading([[part]]), belief=0.3).digits
    assert refused.digit is None
    assert refused.none == pytest.approx(refused.confidence) == pytest.approx(0.7)


@pytest.mark.parametrize("margin", [0, 100])
def test_the_label_in_a_saved_picture_is_inside_it(margin):
    image = np.full((256 + 2 * margin, 186 + 2 * margin), 240, np.uint8)
    prediction = md.Prediction(7, 1.0, np.eye(10)[7])
    box = md.Box(margin, margin, 186, 256)
    part = md.Part(box, np.zeros((28, 28)), prediction)
    picture = md.annotated(image, md.Reading([[part]]))
    panel = (picture == md.PANEL_COLOUR).all(axis=2)
    assert np.count_nonzero(panel) > 500


def test_labels_in_a_saved_picture_hide_no_other_digit(recognizer):
    """The rows are nearer to each other than a label is high."""
    page = rows_of_sevens(pen=3, gap=10)
    reading = md.read_image(page, recognizer)
    assert len(reading.parts) == 9
    saved = md.annotated(page, reading)
    for part in reading.parts:
        label = (md.crop(saved, part.box) == md.PANEL_COLOUR).all(axis=2)
        # Where no place is free, its own label is in its upper left corner.
        assert not label[20:].any() and not label[:, 20:].any()


def test_a_window_resized_by_the_person_keeps_its_size_without_the_layers(files, monkeypatch):
    window = md.Window(md.Recognizer(), [picture_in(files[0])])
    monkeypatch.setattr(md.cv2, "resizeWindow", lambda title, *size: setattr(window, "size", size))
    monkeypatch.setattr(md.cv2, "getWindowImageRect", lambda title: (0, 0, *window.size))
    screen = md.Screen(2560, 1440)
    before = window.size
    for resized in (None, (1900, 1000)):
        window.press("n")
        window.make_room_for_layers(screen)
        assert window.size[0] > before[0]
        window.size = resized or window.size
        window.press("n")
        window.make_room_for_layers(screen)
        assert window.size == (resized or before)
