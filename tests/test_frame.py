"""What one frame of the window shows, and what is found in it at a pixel: without any window."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

import mnist_digit as md

SIZES = [(900, 560), (1366, 768), (2560, 1440), (560, 900), (300, 200)]
SIX = [[(330, 100), (230, 180), (180, 300), (190, 420), (270, 470), (350, 400), (260, 310)]]
ONE = [[(480, 100), (470, 480)]]


def drawing(strokes: list) -> md.Canvas:
    return md.Canvas([md.Stroke(stroke, 24) for stroke in strokes])


def view_of(strokes: list, recognizer: md.Recognizer, **more: object) -> md.View:
    canvas = drawing(strokes)
    return md.View(
        image=canvas.image, is_drawing=True, reading=canvas.read(recognizer), margin=12, **more
    )


def within(frame: np.ndarray, box: md.Box) -> np.ndarray:
    return frame[box.y : box.bottom, box.x : box.right]


def has(frame: np.ndarray, colour: md.Colour) -> bool:
    return bool((frame == colour).all(axis=2).any())


# --- layout


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shows_layers", [False, True])
def test_nothing_stands_outside_the_window_or_on_something_else(
    size: tuple[int, int], shows_layers: bool
) -> None:
    layout = md.Layout(size, shows_layers)
    boxes = [layout.canvas, layout.answer, layout.thumbnails, *layout.bars, *layout.caps.values()]
    if shows_layers:
        boxes += [layout.digit_image, layout.large_map, layout.unit_words, layout.layers_room]
    window = md.Box(0, 0, *size)
    for number, box in enumerate(boxes):
        assert box.width > 0 and box.height > 0
        assert box.clipped(window) == box
        assert not any(box.meets(other) for other in boxes[:number])


@pytest.mark.parametrize("pointer", [(-2_147_483_647, 2_147_483_647), (10**12, 0)])
def test_a_pointer_far_outside_the_window_does_no_harm(
    pointer: tuple[int, int], recognizer: md.Recognizer
) -> None:
    view = view_of(SIX, recognizer)._replace(brush=24)
    for size in SIZES:
        layout = md.Layout(size)
        outside = md.draw(view._replace(pointer=pointer), layout, recognizer)
        assert np.array_equal(outside, md.draw(view, layout, recognizer))


@pytest.mark.parametrize("size", SIZES)
def test_a_point_of_the_window_is_one_of_the_canvas(size: tuple[int, int]) -> None:
    layout = md.Layout(size)
    place = layout.canvas
    assert place.width == place.height
    step = math.ceil(md.CANVAS_SIZE / place.width)
    assert layout.canvas_point(place.x, place.y) == pytest.approx((0, 0), abs=step)
    end = (md.CANVAS_SIZE - 1, md.CANVAS_SIZE - 1)
    assert layout.canvas_point(place.right - 1, place.bottom - 1) == pytest.approx(end, abs=step)
    assert min(layout.canvas_point(place.x - 1, place.y - 1)) < 0


def test_more_room_is_used() -> None:
    small, large = md.Layout((900, 560)), md.Layout((1366, 768))
    assert large.canvas.height == 768
    assert large.bars[0].width > small.bars[0].width
    assert large.thumbnails.height > small.thumbnails.height


# --- what is at a pixel


@pytest.mark.parametrize("size", SIZES)
def test_every_cap_bar_and_part_is_found(size: tuple[int, int], recognizer: md.Recognizer) -> None:
    layout, view = md.Layout(size), view_of(SIX + ONE, recognizer)
    for key in md.KEYS:
        if key.label:
            name = key.names.split(", ")[0]
            middle = layout.caps[name].center
            assert layout.target(*middle, view) == md.Target("key", name.lower())
    for answer, box in zip([*range(10), md.OTHER], layout.bars, strict=True):
        assert layout.target(*box.center, view) == md.Target("bar", answer)
    assert len(view.reading.parts) == 2
    boxes = [layout.part_boxes(view), layout.thumbnail_boxes(view)]
    for shown in boxes:
        for number, box in enumerate(shown):
            assert layout.target(*box.center, view) == md.Target("part", number)
    corner = layout.canvas.x + 1, layout.canvas.y + 1
    assert layout.target(*corner, view) is None


def test_parts_of_a_wide_picture_are_found_where_they_are_shown(recognizer: md.Recognizer) -> None:
    view = view_of(SIX + ONE, recognizer)
    wide = cv2.copyMakeBorder(view.image, 0, 0, 0, md.CANVAS_SIZE, cv2.BORDER_CONSTANT)
    view = view._replace(image=wide)
    layout = md.Layout((900, 560))
    frame = md.draw(view._replace(chosen=0), layout, recognizer)
    box = layout.part_boxes(view)[1]  # of the 1, a bar of ink
    assert within(frame, box).mean() > 100
    assert layout.target(*box.center, view) == md.Target("part", 1)


# --- what a frame shows


@pytest.mark.parametrize("size", [*SIZES, (100, 100), (1300, 100), (100, 900)])
@pytest.mark.parametrize("shows_layers", [False, True])
def test_every_state_is_drawn_at_every_size(
    size: tuple[int, int], shows_layers: bool, recognizer: md.Recognizer
) -> None:
    layout = md.Layout(size, shows_layers)
    empty = md.View(image=drawing([]).image, invitation=("Draw a digit", "or several"))
    full = view_of(SIX + ONE, recognizer, why=True, flash=True, message="<Esc> cancels")
    full = full._replace(status=["live reading is off"], pointer=(50, 50), brush=24, lit={"w"})
    if shows_layers:
        activations = md.look_inside(full.part.image, recognizer.network)
        full = full._replace(activations=activations)
    for view in (empty, full, full._replace(help=True)):
        frame = md.draw(view, layout, recognizer)
        assert frame.shape == (size[1], size[0], 3)
        assert frame.dtype == np.uint8


@pytest.mark.parametrize("size", [(100, 100), (300, 200)])
def test_more_parts_than_there_is_room_for_are_drawn(
    size: tuple[int, int], recognizer: md.Recognizer
) -> None:
    part = drawing(SIX).read(recognizer).parts[0]
    view = md.View(image=drawing(SIX).image, reading=md.Reading([[part] * 90]))
    frame = md.draw(view, md.Layout(size), recognizer)
    assert frame.shape == (size[1], size[0], 3)


def test_where_it_is_no_digit_the_bars_say_so(recognizer: md.Recognizer) -> None:
    layout, view = md.Layout((900, 560)), view_of(SIX, recognizer)
    nothing = md.Prediction(None, 0.96, np.full(10, 0.004))
    part = view.part._replace(prediction=nothing)
    frame = md.draw(view._replace(reading=md.Reading([[part]])), layout, recognizer)
    filled = [(within(frame, box) == md.QUIET_COLOUR).all(axis=2).sum() for box in layout.bars]
    assert np.argmax(filled) == 10
    assert filled[10] > 0.7 * layout.bars[10].width * layout.bars[10].height / 2


def test_a_key_that_is_switched_on_is_lit(recognizer: md.Recognizer) -> None:
    layout, view = md.Layout((900, 560)), view_of(SIX, recognizer)
    cap = layout.caps["w"]
    assert not has(within(md.draw(view, layout, recognizer), cap), md.BEST_COLOUR)
    view = view._replace(lit={"w"})
    assert has(within(md.draw(view, layout, recognizer), cap), md.BEST_COLOUR)


def test_what_is_pointed_at_looks_so(recognizer: md.Recognizer) -> None:
    layout, view = md.Layout((900, 560)), view_of(SIX, recognizer)
    usual = md.draw(view, layout, recognizer)
    for box in (layout.caps["u"], layout.bars[4]):
        x, y = box.center
        frame = md.draw(view._replace(pointer=(int(x), int(y))), layout, recognizer)
        assert not np.array_equal(within(frame, box), within(usual, box))


def test_help_hides_the_drawing(recognizer: md.Recognizer) -> None:
    layout, view = md.Layout((900, 560)), view_of([[(0, 280), (559, 280)]], recognizer)
    shown = within(md.draw(view._replace(help=True), layout, recognizer), layout.canvas)
    blank = view._replace(image=np.zeros_like(view.image), help=True)
    assert np.array_equal(shown, within(md.draw(blank, layout, recognizer), layout.canvas))


def test_words_stand_on_a_ground_of_their_own(recognizer: md.Recognizer) -> None:
    """On a canvas that is all ink, what is written in the light colours of text is still seen."""
    layout = md.Layout((900, 560))
    white = np.full((md.CANVAS_SIZE, md.CANVAS_SIZE), 255, np.uint8)
    view = md.View(image=white, status=["a line"], message="a message")
    frame = within(md.draw(view, layout, recognizer), layout.canvas)
    for words in (frame[16:26, 16:40], frame[-40:]):
        assert has(words, md.PANEL_COLOUR)
        assert not (words == 255).all(axis=2).any()


def test_labels_stand_beside_the_parts_even_of_a_page_full_of_them() -> None:
    layout = md.Layout((900, 560))
    frames = [md.Box(40 + 70 * (i % 7), 4 + 43 * (i // 7), 36, 40) for i in range(7 * 12)]
    labels = md.label_places(md.Sheet(layout), frames)
    for label in labels:
        assert label.clipped(layout.canvas) == label
        assert not any(label.meets(frame) for frame in frames)


def test_labels_of_parts_close_together_do_not_hide_each_other() -> None:
    layout = md.Layout((900, 560))
    frames = [md.Box(100, y, 20, 30) for y in (200, 244, 277)]  # one label fits between the first
    labels = md.label_places(md.Sheet(layout), frames)
    for number, label in enumerate(labels):
        assert not any(label.meets(other) for other in labels[:number])


def test_names_of_keys_alone_are_drawn_as_keys() -> None:
    assert md.words_and_keys("<Esc> cancels") == [("", False), ("Esc", True), (" cancels", False)]
    assert md.words_and_keys("Saved <draft>.png") == [("Saved <draft>.png", False)]
    for key in md.KEYS:
        pieces = md.words_and_keys(key.names_as_keys)
        assert [piece for piece, is_key in pieces if is_key] == key.names.split(", ")
        assert not any(piece for piece, is_key in pieces if not is_key)


def test_a_message_that_is_too_long_stays_in_its_strip(recognizer: md.Recognizer) -> None:
    view = md.View(
        image=drawing([]).image, message="Saved " + 60 * "long name " + "  <Esc> cancels"
    )
    for size in SIZES:
        layout = md.Layout(size)
        frame = md.draw(view, layout, recognizer)
        without = md.draw(view._replace(message=""), layout, recognizer)
        differs = (frame != without).any(axis=2)
        canvas = layout.canvas
        differs[canvas.y : canvas.bottom, canvas.x : canvas.right] = False
        assert not differs.any()
        margin = within(frame, canvas)[
            -2 * layout.pixels(10) : -layout.pixels(2), -layout.pixels(10) :
        ]
        assert (margin == md.PANEL_COLOUR).all()


def test_rows_are_written_in_as_many_lines_as_let_them_be_large(recognizer: md.Recognizer) -> None:
    """Twelve rows of three digits are legible: their figures are at least 12 pixels high."""
    layout, view = md.Layout((900, 560)), view_of(SIX, recognizer)
    reading = md.Reading([[view.part] * 3] * 12)
    frame = md.draw(view._replace(reading=reading), layout, recognizer)
    answer = within(frame, layout.answer)[: layout.answer.height * 3 // 4]
    inked = np.flatnonzero(
        (answer == md.answer_colour(view.part.prediction)).all(axis=2).any(axis=1)
    )
    lines = np.split(inked, np.flatnonzero(np.diff(inked) > 1) + 1)
    assert min(len(line) for line in lines) >= 12


def test_no_frame_crosses_the_ink_of_a_drawing(recognizer: md.Recognizer) -> None:
    """Neither its own part's nor that of a neighbour that reaches under it."""
    view = view_of(SIX + ONE, recognizer)
    first, second = view.parts
    wide = second._replace(box=md.Box.around([first.box, second.box]))
    frame = md.draw(
        view._replace(reading=md.Reading([[first, wide]])), md.Layout((900, 560)), recognizer
    )
    assert (frame[:, : md.CANVAS_SIZE][view.image == 255] == 255).all()


# --- why


class Reader:
    """A recognizer that reads ink at the left as a 6 and ink at the right as a 5."""

    def predict_all(self, images: np.ndarray) -> list[md.Prediction]:
        return [self.predict(image) for image in images]

    def predict(self, image: np.ndarray) -> md.Prediction:
        probabilities = np.zeros(10)
        weights = np.array([image[:, :14].sum(), image[:, 14:].sum()])
        probabilities[[6, 5]] = self.odds * weights / (self.odds * weights).sum()
        return md.Prediction(6, probabilities[6], probabilities)

    def __init__(self, odds: tuple[float, float]) -> None:
        self.odds = np.array(odds)


def two_blots() -> np.ndarray:
    image = np.zeros((28, 28), np.float32)
    image[8:20, 4:12] = 1
    image[8:20, 16:24] = 1
    return image


def explained(odds: tuple[float, float], taught: bool = False) -> md.Explanation:
    reader = Reader(odds)
    prediction = reader.predict(two_blots())._replace(taught=taught)
    return md.explain(md.Part(md.Box(0, 0, 28, 28), two_blots(), prediction), reader)


def test_why_names_the_runner_up_and_finds_its_ink() -> None:
    explanation = explained((2, 1))
    assert (explanation.answer, explanation.runner_up) == (6, 5)
    middle = explanation.strengths.shape[1] // 2
    assert explanation.strengths[:, :middle].max() > 0.1
    assert not explanation.is_for_runner_up[:, :middle].any()
    right = explanation.strengths[:, middle + 1 :]
    assert right.max() > 0.1
    assert explanation.is_for_runner_up[:, middle + 1 :][right > 0].all()
    assert md.why_in_words(explanation) == "why 6 rather than 5"


def test_a_runner_up_of_less_than_a_hundredth_gets_no_colour() -> None:
    explanation = explained((200, 1))
    assert explanation.runner_up is None
    assert not explanation.is_for_runner_up.any()
    assert explanation.strengths.any()


def test_why_explains_the_answer_that_was_given() -> None:
    """Amid a word it is none, though the network sees a 6."""
    reader = Reader((2, 1))
    part = md.Part(md.Box(0, 0, 28, 28), two_blots(), reader.predict(two_blots()))
    letter = md.like_a_digit(md.as_it_looks(md.Run(0, 1, 0), part)).part
    assert md.why_in_words(md.explain(letter, reader)) == "why no digit rather than 6"


def test_why_says_that_an_answer_was_taught() -> None:
    assert "taught" in md.why_in_words(explained((2, 1), taught=True))


@pytest.mark.parametrize("size", SIZES[:4])
def test_what_is_said_of_why_does_not_hide_the_ink(
    size: tuple[int, int], recognizer: md.Recognizer
) -> None:
    layout = md.Layout(size)
    for x, y in ((20, 20), (20, 400), (400, 20)):
        view = view_of([[(x + 60, y), (x, y + 70), (x + 60, y + 120)]], recognizer)
        before = md.draw(view._replace(why=True), layout, recognizer)
        explanation = md.explain(view.part, recognizer)
        sheet = md.Sheet(layout)
        md.draw_image(sheet, view, explanation)
        ink = layout.part_boxes(view)[0]
        assert np.array_equal(within(before, ink), within(sheet.image, ink))


def test_the_colours_of_why_differ_in_grey() -> None:
    colours = np.uint8([[md.BEST_COLOUR, md.OTHER_COLOUR, (255, 255, 255), md.CANVAS_COLOUR]])
    lightness = sorted(cv2.cvtColor(colours, cv2.COLOR_BGR2LAB)[0, :, 0].tolist())
    assert min(np.diff(lightness)) > 40


# --- inside the network


def network(*layers: md.Layer) -> md.Network:
    return md.Network(layers)


def convolution(name: str, size: int, inputs: int, maps: int, padding: str) -> md.Layer:
    rng = np.random.default_rng(len(name))
    weights = rng.normal(0, 0.3, (size, size, inputs, maps)).astype(np.float32)
    return md.Layer(name, "convolution", "relu", padding, weights, np.zeros(maps, np.float32))


def dense(name: str, inputs: int, units: int) -> md.Layer:
    weights = np.full((inputs, units), 0.01, np.float32)
    return md.Layer(name, "dense", "softmax", weights=weights, bias=np.zeros(units, np.float32))


NETWORKS = {
    "same": network(
        convolution("a", 3, 1, 32, "same"),
        md.Layer("b", "pooling"),
        convolution("c", 3, 32, 96, "same"),
        md.Layer("d", "pooling"),
        md.Layer("e", "flatten"),
        dense("f", 7 * 7 * 96, 12),
    ),
    "valid": network(
        convolution("a", 5, 1, 32, "valid"),
        md.Layer("b", "pooling"),
        convolution("c", 3, 32, 64, "valid"),
        md.Layer("d", "pooling"),
        md.Layer("e", "flatten"),
        dense("f", 5 * 5 * 64, 200),
        dense("g", 200, 10),
    ),
}


@pytest.mark.parametrize("size", SIZES[:4])
@pytest.mark.parametrize("name", NETWORKS)
def test_each_map_of_each_layer_has_its_place(
    name: str, size: tuple[int, int], recognizer: md.Recognizer
) -> None:
    view = view_of(SIX, recognizer)
    activations = md.look_inside(view.part.image, NETWORKS[name])
    view = view._replace(activations=activations)
    layout = md.Layout(size, shows_layers=True)
    grids = layout.layer_grids(view)
    assert len(grids) == len(activations) == len(NETWORKS[name].layers) - 1  # none for "flatten"
    for layer, (grid, activation) in enumerate(zip(grids, activations, strict=True)):
        assert grid.box.clipped(layout.layers) == grid.box
        for number in range(activation.values.shape[-1]):
            middle = grid.tile(number).center
            assert layout.target(*middle, view) == md.Target("map", (layer, number))


@pytest.mark.parametrize("name", NETWORKS)
def test_what_a_unit_looks_at_is_all_that_changes_it(name: str) -> None:
    """Each pixel of the digit image inside the field changes the unit; none outside does."""
    layers = NETWORKS[name].layers
    rng = np.random.default_rng(0)
    image = rng.random((28, 28)).astype(np.float32)
    changed = np.repeat(image[None], 28 * 28, axis=0)
    changed[np.arange(28 * 28), np.repeat(np.arange(28), 28), np.tile(np.arange(28), 28)] += 5
    before, after = (NETWORKS[name].activations(images) for images in (image[None], changed))
    for number in (0, 2):  # the convolutions; of a pooling not each pixel is the greatest
        row, column = 3, 5
        differences = np.abs(after[number].values - before[number].values)[:, row, column]
        differs = differences.max(axis=1) > 1e-3
        rows, columns = np.nonzero(differs.reshape(28, 28))
        field = md.field_of(md.Box(column, row, 1, 1), layers[number].name, layers)
        assert (rows.min(), rows.max() + 1) == (field.y, field.bottom)
        assert (columns.min(), columns.max() + 1) == (field.x, field.right)


def test_pointing_at_a_map_frames_what_it_looks_at(recognizer: md.Recognizer) -> None:
    view = view_of(SIX, recognizer)
    activations = md.look_inside(view.part.image, recognizer.network)
    view = view._replace(activations=activations)
    layout = md.Layout((1366, 768), shows_layers=True)
    places = layout.canvas, layout.digit_image, layout.large_map
    before = md.draw(view, layout, recognizer)
    assert not any(has(within(before, place), md.FIELD_COLOUR) for place in places)
    x, y = layout.layer_grids(view)[0].tile(5).center
    after = md.draw(view._replace(pointer=(int(x), int(y))), layout, recognizer)
    assert all(has(within(after, place), md.FIELD_COLOUR) for place in places)


def test_layers_are_named_in_words(recognizer: md.Recognizer) -> None:
    image = drawing(SIX).digit_image()
    activations = md.look_inside(image, NETWORKS["valid"])
    assert md.names_of_layers(activations) == [
        "convolution 1",
        "pooling 1",
        "convolution 2",
        "pooling 2",
        "dense",
        "answers",
    ]
    assert md.shape_in_words(activations[0].values[0]) == "32 maps, 24×24"
    assert md.shape_in_words(activations[-1].values[0]) == "10 units"


def test_units_that_stand_for_something_bear_its_name() -> None:
    kinds = len(md.ANSWER_OF_KIND)
    outputs = [
        md.LayerOutput("dense", "dense", np.zeros((1, 10), np.float32)),  # of no answers
        md.LayerOutput("kinds", "dense", np.zeros((1, kinds), np.float32)),
        md.LayerOutput("answers", "dense", np.zeros((1, 12), np.float32)),
    ]
    assert md.names_of_layers(outputs) == ["dense", "kinds of characters", "answers"]
    assert not md.names_of_units(outputs, 0)
    names = md.names_of_units(outputs, 1)
    assert len(names) == kinds
    assert [names[md.kind_of(label)] for label in "AK%"] == ["A", "K", "%"]
    assert md.names_of_units(outputs, 2) == [*md.DIGITS, "?", "??"]


def test_the_kind_that_is_pointed_at_is_named(recognizer: md.Recognizer, monkeypatch) -> None:
    view = view_of(SIX, recognizer)
    view = view._replace(activations=md.look_inside(view.part.image, recognizer.network))
    layout = md.Layout((1366, 768), shows_layers=True)
    layer = [activation.name for activation in view.activations].index("kinds")
    x, y = layout.layer_grids(view)[layer].tile(md.kind_of("K")).center
    said: list[str] = []
    monkeypatch.setattr(md.Sheet, "lines", lambda sheet, box, lines, style: said.extend(lines))
    md.draw(view._replace(pointer=(int(x), int(y))), layout, recognizer)
    assert "it stands for K" in said


class OwnNetwork:
    """A network of one's own, with layers of kinds that the window does not know."""

    layers = (
        md.Layer("input", "InputLayer"),
        md.Layer("scale", "BatchNormalization"),
        md.Layer("wave", "LSTM"),
        md.Layer("flat", "Flatten"),
        md.Layer("out", "Dense"),
    )

    def activations(self, images: np.ndarray) -> list[md.LayerOutput]:
        count = len(images)
        values = [images[..., None], images[..., None] - 0.5, images, images.reshape(count, -1)]
        values.append(np.full((count, 10), 0.1))
        return [
            md.LayerOutput(layer.name, layer.kind, found)
            for layer, found in zip(self.layers, values, strict=True)
        ]


def test_a_network_without_layers_to_show_has_no_maps() -> None:
    assert md.arrange_layers(md.Box(0, 0, 400, 400), (), 1.0) == []


def test_any_network_is_shown(recognizer: md.Recognizer) -> None:
    view = view_of(SIX, recognizer)
    view = view._replace(activations=md.look_inside(view.part.image, OwnNetwork()))
    names = md.names_of_layers(view.activations)
    assert names == ["BatchNormalization", "LSTM", "answers"]
    layout = md.Layout((1366, 768), shows_layers=True)
    sheet = md.Sheet(layout)
    for grid in layout.layer_grids(view):
        x, y = grid.tile(0).center
        pointing = view._replace(pointer=(int(x), int(y)))
        md.draw_layers(sheet, pointing)
        md.draw_pointed_unit(sheet, pointing, OwnNetwork())
        assert has(within(sheet.image, layout.large_map), md.FIELD_COLOUR)


def test_a_layer_of_few_maps_is_shown_as_large_as_others() -> None:
    """Only the answers have squares of one size."""
    room = md.Box(0, 0, 408, 530)
    shapes = ((28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (120,), (84,), (10,))
    grids = md.arrange_layers(room, shapes, 1.0)
    assert grids[0].side > grids[2].side
    assert grids[-1].side == md.ANSWER_TILE
