"""Whole drawings: parted, judged and read from left to right."""

import collections
import itertools

import numpy as np
import pytest

import mnist_digit as md

TURN = np.linspace(0, 2 * np.pi, 40)[:, None]
SHAPES = {  # the strokes of digits, in a box 60 wide and 100 high
    "0": [np.hstack([30 - 26 * np.sin(TURN), 50 - 50 * np.cos(TURN)])],
    "1": [[[12, 22], [30, 0], [30, 100]]],
    "4": [[[28, 0], [2, 62], [58, 62]], [[44, 30], [42, 100]]],
    "5": [[[12, 4], [10, 42], [30, 38], [50, 52], [52, 75], [36, 96], [6, 94]], [[12, 2], [56, 0]]],
    "7": [[[0, 2], [56, 0], [22, 100]], [[12, 52], [52, 50]]],
    "+": [[[4, 60], [56, 58]], [[30, 34], [31, 84]]],
}
LETTERS = {  # whose strokes touch, in the same box
    "H": [[[4, 0], [2, 100]], [[58, 2], [56, 100]], [[3, 50], [57, 48]]],
    "K": [[[6, 0], [4, 100]], [[58, 0], [5, 52]], [[8, 50], [60, 100]]],
    "M": [[[0, 100], [6, 0]], [[6, 0], [32, 60]], [[32, 60], [60, 0]], [[60, 0], [66, 100]]],
    "N": [[[2, 100], [2, 0]], [[2, 0], [58, 100]], [[58, 100], [58, 0]]],
}


class Lenient(md.Recognizer):
    """A network with ten outputs: what it knows of other characters is forgotten."""

    asked = 0  # how many images it was asked for

    def judge(self, images):
        self.asked += len(images)
        probabilities = super().judge(images)
        probabilities[:, md.OTHER :] = 0
        return probabilities / probabilities.sum(axis=1, keepdims=True)


def placed(text, step=76, size=0.9):
    """The strokes of a number, each a list of points on the canvas."""
    shapes = [
        (size * np.array(stroke) + [12 + step * i, 200])
        for i, d in enumerate(text)
        for stroke in {**SHAPES, **LETTERS}[d]
    ]
    return [[(int(x), int(y)) for x, y in np.rint(shape)] for shape in shapes]


def drawn(strokes):
    return md.Canvas([md.Stroke(list(points), 24) for points in strokes])


def test_the_order_of_drawing_does_not_matter(recognizer):
    strokes = placed("7541")
    for order in itertools.islice(
        itertools.permutations(strokes), 0, None, 397
    ):  # hats and crosses first, last, amid
        reading = drawn(order).read(recognizer)
        assert reading.text == "7541"
        assert [part.box[0] for part in reading.parts] == sorted(
            part.box[0] for part in reading.parts
        )


def test_a_seven_may_hang_over_its_neighbour(recognizer):
    bar, cross, one = (
        [(100, 200), (260, 195), (160, 480)],
        [(140, 340), (240, 335)],
        [(276, 240), (236, 480)],
    )
    assert drawn([bar, cross, one]).read(recognizer).text == "71"


@pytest.mark.parametrize("text", ["0", "5140715047"])
def test_one_to_ten_digits(recognizer, text):
    assert drawn(placed(text, step=54, size=0.62)).read(recognizer).text == text


@pytest.mark.parametrize("speck", [[(300, 285)], [(300, 270), (299, 286)]])
def test_a_speck_beside_digits_changes_nothing(recognizer, speck):
    assert drawn([speck, *placed("407")]).read(recognizer).text == "407"


def test_a_sign_among_digits_is_kept(recognizer):
    assert drawn(placed("40+7")).read(recognizer).text == "40?7"


def test_rows_are_read_from_top_to_bottom(recognizer):
    lower = [[(x, y + 180) for x, y in points] for points in placed("547")]
    assert drawn([*lower, *placed("7014")]).read(recognizer).text == "7014 547"


@pytest.mark.parametrize("letter", LETTERS)
def test_letters_are_not_parted_where_their_strokes_touch(recognizer, letter):
    assert drawn(placed(letter, size=3)).read(recognizer).text == "?"


def below_each_other(text, gap=50):
    """The strokes of digits in a column, with so many pixels between them."""
    strokes = []
    top = 40
    for digit in text:
        shape = placed(digit, size=1.6)
        points = np.concatenate(shape)
        low = points.min(axis=0)
        width, height = np.ptp(points, axis=0)
        place = np.array([200 - width // 2, top]) - low
        strokes += [(np.array(stroke) + place).tolist() for stroke in shape]
        top += height + gap
    return strokes


@pytest.mark.parametrize("column", ["40", "75", "11"])
def test_digits_below_each_other_are_two_though_they_look_like_one(recognizer, column):
    canvas = drawn(below_each_other(column))
    assert recognizer.predict(canvas.digit_image()).confidence > md.SURELY_ONE
    assert canvas.read(recognizer).text == " ".join(column)
    assert md.read_image(canvas.image, recognizer).text == " ".join(column)


def test_digits_below_each_other_are_rows_however_many_there_are():
    """Their gaps are measured beside one row: the more rows, the narrower beside all of them."""
    pieces = [md.Stroke([(50, 60 * row), (70, 60 * row + 50)], 6) for row in range(8)]
    as_one = md.Part(
        md.Box.around(piece.box for piece in pieces), None, md.prediction_of(np.eye(12)[1])
    )
    assert md.may_be_rows(as_one, pieces)


def around(strokes, across, down):
    """The box around strokes, so much larger at each side."""
    return md.Box.around(md.Stroke(points, 24).box for points in strokes).inset(-across, -down)


def fraction(upper, lower):
    """The strokes of a fraction."""
    strokes = [[(x, y - 160) for x, y in points] for points in placed(upper)]
    strokes += placed(lower)
    box = around(strokes, 20, 0)
    return [*strokes, [(box.x, 167), (box.right, 165)]]


def underlined(text):
    """The strokes of a number with a line below."""
    strokes = placed(text)
    box = around(strokes, 20, 25)
    return [*strokes, [(box.x, box.bottom), (box.right, box.bottom - 5)]]


def ringed(text):
    """The strokes of a number in a ring whose ends do not meet."""
    strokes = placed(text)
    box = around(strokes, 60, 45)
    halves = np.array([box.width, box.height]) / 2
    turn = TURN[:37]
    ring = box.center + halves * np.hstack([np.cos(turn), np.sin(turn)])
    return [*strokes, np.rint(ring).astype(int).tolist()]


@pytest.mark.parametrize(
    "strokes, text",
    [
        (fraction("75", "4"), "75 4"),
        (fraction("4", "7"), "4 7"),
        (fraction("17", "41"), "17 41"),
        (underlined("7"), "7"),
        (underlined("754"), "754"),
        (ringed("7"), "7"),
        (ringed("754"), "754"),
    ],
)
def test_lines_and_rings_that_people_add_are_left_out(recognizer, strokes, text):
    canvas = md.Canvas([md.Stroke([(x + 100, y + 60) for x, y in one], 12) for one in strokes])
    assert canvas.read(recognizer).text == text
    assert md.read_image(canvas.image, recognizer).text == text


@pytest.mark.parametrize(
    "digit, added",
    [
        ("1", [(5, 298), (75, 296)]),  # a foot that does not touch
        ("5", [(20, 190), (62, 188)]),  # a bar above it
        ("0", [(50, 214), (12, 284)]),  # a slash
    ],
)
def test_strokes_of_a_digit_are_no_lines_or_rings_that_were_added(recognizer, digit, added):
    strokes = [*placed(digit), added]
    (part,) = drawn(strokes).read(recognizer).parts
    assert part.prediction.digit == int(digit)
    assert part.box == around(strokes, 0, 0)
    thin = md.Canvas([md.Stroke([(2 * x, 2 * y) for x, y in points], 10) for points in strokes])
    assert md.read_image(thin.image, recognizer).text == digit


@pytest.mark.parametrize("other", [[], [[(200, 220), (210, 300)]]])
def test_rings_that_hold_each_other_are_drawn_all_the_same(recognizer, other):
    star = [[(100, 100), (400, 100), (250, 400), (100, 100)]]
    star.append([(x, 500 - y) for x, y in star[0]])
    assert drawn(star + other).read(recognizer) is not None


def test_what_was_taught_keeps_its_ring():
    recognizer = md.Recognizer()
    canvas = drawn(ringed("7"))
    recognizer.teach(canvas.digit_image(), 9)
    assert canvas.read(recognizer).text == "9"


def test_a_line_is_an_underline_by_what_stands_on_it():
    line = md.Box(100, 160, 120, 8)
    digit = md.Box(130, 40, 60, 100)
    assert md.is_underline(line, [line, digit])
    assert not md.is_underline(line, [line])
    assert not md.is_underline(line, [line, digit._replace(y=180)])  # as the bar of a 5
    assert not md.is_underline(line._replace(y=90), [digit])  # as the bar within a theta
    assert not md.is_underline(line._replace(y=240), [digit])  # too far away
    assert not md.is_underline(line._replace(x=10), [digit])  # beside it
    near = line._replace(y=145)
    assert not md.is_underline(near, [digit])  # as the base of a 2
    assert md.is_underline(near, [digit._replace(x=100), digit._replace(x=165)])
    assert md.is_underline(near, [digit, digit._replace(y=160)])  # as the bar of a fraction
    short = line._replace(x=125, width=70)
    assert md.is_underline(short, [digit])
    assert not md.is_underline(short, [digit, digit._replace(y=180)])  # as the bar of a 5 below


@pytest.mark.parametrize("text", ["11", "111"])
def test_ones_alone_are_read_in_a_picture_too(recognizer, text):
    canvas = drawn(placed(text, step=60))
    assert canvas.read(recognizer).text == text
    assert md.read_image(canvas.image, recognizer).text == text


def test_two_circles_that_do_not_meet_are_an_8(recognizer):
    assert drawn(below_each_other("00")).read(recognizer).text == "8"


def test_what_is_taught_is_one_character_though_it_stands_in_rows():
    recognizer = md.Recognizer()
    canvas = drawn(below_each_other("40"))
    recognizer.teach(canvas.digit_image(), 8)
    assert canvas.read(recognizer).text == "8"


def test_a_letter_may_have_a_stroke_above_all_others(recognizer):
    """The slanted bar of this T is so high that it makes a row of its own."""
    t = [[(100, 160), (300, 100)], [(210, 165), (205, 325)]]
    assert drawn(t).read(recognizer).text == "?"


def test_a_letter_may_be_wider_than_its_tallest_stroke_is_high():
    bar, stem = md.Stroke([(70, 100), (430, 104)], 24), md.Stroke([(250, 120), (246, 330)], 24)
    row = md.Row([stem, bar], [1.0, 1.0], stem.box.height)
    assert bar.box.width > md.WIDEST * row.height
    assert (bar, stem) in [row.group(run)[::-1] for run in md.runs(row)]  # both are one character


def test_a_row_without_digits_is_left_out_beside_others(recognizer):
    lower = [[(x, y + 180) for x, y in points] for points in placed("547")]
    assert drawn([*placed("HNM"), *lower]).read(recognizer).text == "547"


def test_a_digit_may_be_as_small_as_it_likes(recognizer):
    assert drawn(placed("4", size=0.1)).read(recognizer).text == "4"


def test_a_row_may_slope(recognizer):
    strokes = [[(x, y + x // 3 - 90) for x, y in points] for points in placed("7154017", size=0.5)]
    assert drawn(strokes).read(recognizer).text == "7154017"


def test_a_single_digit_is_read_as_its_digit_image(recognizer):
    for digit in set(SHAPES) & set(md.DIGITS):
        canvas = drawn(placed(digit, size=3))
        (part,) = canvas.read(recognizer).parts
        assert part.prediction.digit == recognizer.predict(canvas.digit_image()).digit == int(digit)
        assert np.array_equal(part.image, canvas.digit_image())


def test_a_letter_is_no_digit_in_any_part(recognizer):
    h = [[(100, 100), (100, 400)], [(300, 100), (300, 400)], [(100, 250), (300, 250)]]
    reading = drawn(h).read(recognizer)
    assert set(reading.text) == {"?"} and str(reading) == f"no digit ({reading.confidence:.1%})"


def test_a_network_with_ten_outputs_refuses_nothing():
    scribble = [[(100, 100), (400, 120), (110, 300), (420, 330), (130, 420)]]
    assert "?" not in drawn(scribble).read(Lenient()).text


def test_only_what_changed_is_judged_again():
    recognizer = Lenient()
    canvas = drawn(placed("4140510154", step=54, size=0.62))
    assert md.Canvas().read(recognizer) is None
    first = canvas.read(recognizer)
    recognizer.asked = 0
    assert canvas.read(recognizer).rows == first.rows and recognizer.asked == 0
    longer = np.concatenate([canvas.strokes[-1].points, [(530, 262)]])
    canvas.strokes[-1] = md.Stroke(longer, 24)
    canvas.read(recognizer)
    # The runs that the last stroke may be in, and what it touches.
    assert 0 < recognizer.asked <= md.MOST_IN_ONE + 1
    canvas.strokes += [md.Stroke([(x, 300), (x, 340)], 24) for x in range(500)]
    recognizer.asked = 0
    canvas.read(recognizer)
    assert recognizer.asked == 1  # no number: judged as a whole


def test_what_is_taught_is_read_at_once():
    recognizer = md.Recognizer()
    canvas = drawn(placed("71"))
    seven, _ = canvas.read(recognizer).parts
    recognizer.teach(seven.image, 2)
    assert canvas.read(recognizer).text == "21"
    recognizer.forget()
    assert canvas.read(recognizer).text == "71"


def test_what_a_row_most_probably_says_is_found(monkeypatch):
    """Beside every way to part up to eight pieces, where nothing is given up."""
    monkeypatch.setattr(md, "MOST_SAID", 1000)
    rng = np.random.default_rng(0)
    for count in range(1, 9):
        pieces = [md.Stroke([(5 * i, 0), (5 * i + 4, 40)], 24) for i in range(count)]
        row = md.Row(pieces, rng.random(count).tolist(), 40)
        judged, looks, shares = [], {}, {}
        for start, stop in itertools.combinations(range(count + 1), 2):
            digit, confidence = int(rng.integers(2)), rng.random() ** 2
            prediction = md.Prediction(digit, confidence, np.zeros(10), several=1.0)
            part = md.Part(md.Box(5 * start, 0, 4 * (stop - start), 40), None, prediction)
            judged.append(md.as_it_looks(md.Run(start, stop, 0), part))
            looks[start, stop] = str(digit)
            shares[start, stop] = row.cuts[start] * confidence
        # Each part may change the habit, and both are alike.
        for habits, change in (1, 0), (2, md.P_CHANGE):
            said = collections.Counter()
            for cuts in itertools.product([0, 1], repeat=count - 1):
                bars = (np.flatnonzero(cuts) + 1).tolist()
                path = list(itertools.pairwise([0, *bars, count]))
                weight = np.prod([shares[run] * (1 + change) for run in path])
                said["".join(looks[run] for run in path)] += weight
            alike = [md.Habit(share=1 / habits, p_digit=1, p_other=0)] * habits
            parts, certainty = md.most_probable(row, judged, alike)
            ((text, weight),) = said.most_common(1)
            assert "".join(str(part.prediction) for part in parts) == text
            assert certainty == pytest.approx(weight / said.total())


def read_row(looks, several=0.9945, step=50):
    """The text of a row of characters apart: each looks like this digit, or like no digit.

    (4, 0.45): like a 4, but with probability 0.45 like another character. several: how probable it
    seems that two or more of them are several characters, and not another one. step: from one to
    the next, in pixels; they are 20 pixels wide.
    """
    pieces = [md.Stroke([(step * i, 0), (step * i + 20, 40)], 6) for i in range(len(looks))]

    def judge(groups):
        parts = []
        for group in groups:
            answers = np.full(md.CLASSES, 0.0005)
            look = looks[pieces.index(group[0])]
            if len(group) > 1:
                answers[md.SEVERAL], answers[md.OTHER] = several, 0.9945 - several
            elif isinstance(look, tuple):
                answers[md.OTHER] = look[1]
                answers[look[0]] = 0.995 - look[1]
            else:
                answers[md.OTHER if look is None else look] = 0.9945
            box = md.Box.around(piece.box for piece in group)
            parts.append(md.Part(box, np.zeros((28, 28)), md.prediction_of(answers)))
        return parts

    (row,) = md.read_rows([md.Row(pieces, [1.0] * len(pieces), pieces[0].box.height)], judge)
    return "".join(str(part.prediction) for part in row.parts)


@pytest.mark.parametrize(
    "looks, text",
    [
        ([None, None, 8, None, None], "?????"),  # FAITH
        ([None, None, 8, 5, None], "??85?"),  # two of them are none by chance
        ([6, None, 3], "6?3"),
        ([None, None, (4, 0.45)], "???"),
        ([6, (4, 0.45), 3], "643"),
        ([None, 8], "?8"),
        ([8, None], "8?"),
        ([1, 8, 2], "182"),
    ],
)
def test_amid_a_word_one_that_looks_like_a_digit_is_a_letter(looks, text):
    assert read_row(looks) == text


@pytest.mark.parametrize("several, text", [(0.9, "11"), (0.02, "11"), (0.005, "?")])
def test_what_together_surely_looks_like_one_character_is_not_cut(several, text):
    """As a K, of which one stroke looks like a 1."""
    assert read_row([1, 1], several, step=30) == text


def test_how_a_reading_is_written():
    probabilities = np.eye(10)
    four, two = (
        md.Part(md.Box(0, 0, 9, 9), None, md.Prediction(d, p, probabilities[d]))
        for d, p in ((4, 0.99), (2, 0.98))
    )
    none = md.Part(md.Box(0, 0, 9, 9), None, md.Prediction(None, 0.93, 0.007 * np.ones(10)))
    assert str(md.Reading([[four, two]])) == "42 (97.0%)"
    assert md.Reading([[four, none], [two]]).text == "4? 2" and md.Reading([[none]]).text == "?"
    assert str(md.Reading([[none]])) == "no digit (93.0%)"


def test_no_digit_is_said_with_a_confidence_that_fits():
    """A word of many letters, and ink that is too little like digits to be believed."""
    letter = md.Prediction(None, 0.7, np.full(10, 0.03))
    part = md.Part(md.Box(0, 0, 9, 9), np.zeros((28, 28)), letter)
    assert str(md.Reading([[part] * 40])) == "no digit (70.0%)"
    one = md.Part(md.Box(0, 0, 9, 9), np.zeros((28, 28)), md.Prediction(1, 1.0, np.eye(10)[1]))
    assert str(md.refused(md.Reading([[one]]), 0.3)) == "no digit (70.0%)"


def test_a_confidence_is_never_above_one():
    """Where rounding takes the sum of "another character" and "several" above 1, too."""
    probabilities = np.zeros(md.CLASSES, np.float32)
    probabilities[md.OTHER], probabilities[md.SEVERAL] = 0.5, np.nextafter(np.float32(0.5), 1)
    assert probabilities.sum(dtype=np.float64) > 1
    assert md.prediction_of(np.float64(probabilities)).confidence == 1
