"""Files that hold no digit, no network or no data, and some that are meant to do harm."""

from __future__ import annotations

import io
import itertools
import json
import os
import pathlib
import re
import shutil
import struct
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

import mnist_digit as md
from tests.handwritten import write_character

if TYPE_CHECKING:
    from collections.abc import Iterator

    import keras

CANARY = "code-was-run"  # what hostile code would leave in the folder where the program is started

# --- pictures --------------------------------------------------------------------------------


def good_picture(folder: Path, name: str = "good.png") -> Path:
    """A picture that can be read."""
    path = folder / name
    path.write_bytes(cv2.imencode(".png", digit_picture())[1])
    return path


def digit_picture() -> np.ndarray:
    """A picture of a 3, dark on light: uint8, shape (280, 280, 3)."""
    ink = md.draw_digit_image(write_character("3", np.random.default_rng(3)))
    grey = np.uint8(
        255 * (1 - cv2.resize(ink, (280, 280), interpolation=cv2.INTER_CUBIC).clip(0, 1))
    )
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)


def png_of_size(width: int, height: int) -> bytes:
    """A black PNG of one bit a pixel: kilobytes, whatever its size."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)),
        (b"IDAT", data),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def tiff_of_size(width: int, height: int, bits: int, samples: int, kind: int) -> bytes:
    """A black TIFF, deflated: kilobytes. kind: 1 unsigned, 2 signed, 3 floating point."""
    strip = zlib.compress(bytes(width * samples * bits // 8 * 100), 9)  # of 100 rows
    count = height // 100
    start = 8 + len(strip)  # all rows are the same, and so share one strip
    offsets, sizes = (
        struct.pack(f"<{count}I", *[8] * count),
        struct.pack(f"<{count}I", *[len(strip)] * count),
    )
    depths, kinds = struct.pack("<4H", *[bits] * 4), struct.pack("<4H", *[kind] * 4)
    place = [start + sum(map(len, (offsets, sizes, depths)[:i])) for i in range(4)]
    tags = [
        (256, 4, 1, width), (257, 4, 1, height), (259, 3, 1, 8), (277, 3, 1, samples),
        (278, 4, 1, 100), (284, 3, 1, 1), (273, 4, count, place[0]), (279, 4, count, place[1]),
        (262, 3, 1, 2 if samples > 2 else 1),
        (258, 3, samples, place[2] if samples > 2 else bits),
        (339, 3, samples, place[3] if samples > 2 else kind),
    ]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", *tag) for tag in sorted(tags))
    head = (
        b"II*\0"
        + struct.pack("<I", place[3] + len(kinds))
        + strip
        + offsets
        + sizes
        + depths
        + kinds
    )
    return head + struct.pack("<H", len(tags)) + entries + bytes(4)


def truncated_with_orientation(picture: np.ndarray) -> bytes:
    """A JPEG that ends within its scan, behind Exif that says to turn it."""
    exif = b"Exif\0\0II*\0" + struct.pack("<IHHHIII", 8, 1, 0x112, 3, 1, 6, 0)
    whole = cv2.imencode(".jpg", picture)[1].tobytes()
    return whole[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + whole[2:1000]


def hostile_pictures(folder: Path) -> Iterator[Path]:
    """Files that are no picture of a digit, whatever they are called."""
    picture = digit_picture()
    bogus: dict[str, bytes] = {}
    for kind in ("png", "jpg", "bmp", "tiff", "webp", "gif", "pgm", "jp2"):
        whole = cv2.imencode(f".{kind}", picture[..., 0] if kind == "pgm" else picture)[1].tobytes()
        for share in (0.1, 0.5, 0.99):
            bogus[f"truncated at {share:.0%}.{kind}"] = whole[: int(share * len(whole))]
    for name, value in {"nan": np.nan, "infinite": np.inf, "minus infinite": -np.inf}.items():
        values = np.float32(picture) / 255
        values[7, 7] = value
        bogus[f"{name}.tiff"] = cv2.imencode(".tiff", values)[1].tobytes()
    bogus["all nan.tiff"] = cv2.imencode(".tiff", np.full((30, 30), np.nan, np.float32))[
        1
    ].tobytes()
    extremes = np.where(picture[..., 0] > 127, 1e308, -1e308)
    bogus["beyond every range.tiff"] = cv2.imencode(".tiff", extremes)[1].tobytes()
    for width, height in ((1, 1), (1, 3000), (3000, 1), (300, 300)):
        for shade in (0, 255):
            blank = np.full((height, width), shade, np.uint8)
            bogus[f"{width}x{height} of {shade}.png"] = cv2.imencode(".png", blank)[1].tobytes()
    damaged = bytearray(cv2.imencode(".png", picture)[1].tobytes())
    damaged[len(damaged) // 2] ^= 255
    bogus |= {
        "empty.png": b"",
        "truncated with an orientation.jpg": truncated_with_orientation(picture),
        "text.png": b"This is no picture.\n",
        "page.jpg": b"<html><body>404 Not Found</body></html>",
        "drawing.png": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        "zip.png": b"PK\x05\x06" + bytes(18),
        "network.jpg": md.MODEL.read_bytes(),
        "noise.png": np.random.default_rng(1).bytes(5000),
        "noise behind a head.png": b"\x89PNG\r\n\x1a\n" + np.random.default_rng(2).bytes(5000),
        "noise behind a head.jpg": b"\xff\xd8\xff\xe0" + np.random.default_rng(3).bytes(5000),
        "noise behind a head.tiff": b"II*\0\x08\0\0\0" + np.random.default_rng(4).bytes(5000),
        "damaged.png": bytes(damaged),
        "30,000 x 30,000.png": png_of_size(30_000, 30_000),
        "49 megapixels.png": png_of_size(7000, 7000),
        "1.5 gigabytes.tiff": tiff_of_size(7000, 7000, 64, 4, 3),
        "600 megabytes.tiff": tiff_of_size(7000, 7000, 32, 3, 3),
        "signed.tiff": tiff_of_size(100, 100, 32, 1, 2),
        "two words.png": b"no picture",
        "Ziffer ü 数字 \u202e.png": b"no picture",
        "two\nlines.png": b"no picture",
    }
    for name, content in bogus.items():
        (folder / name).write_bytes(content)
        yield folder / name
    with open(folder / "a gigabyte.bmp", "wb") as file:
        file.write(b"BM")
        file.truncate(1 << 30)  # sparse
    (folder / "folder.png").mkdir()
    (folder / "dangling.png").symlink_to("nowhere")
    (folder / "circle.png").symlink_to("circle.png")
    (folder / "endless.png").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.png")
    for name in (
        "a gigabyte.bmp",
        "folder.png",
        "dangling.png",
        "circle.png",
        "endless.png",
        "pipe.png",
        "none.png",
    ):
        yield folder / name


# --- networks and data -----------------------------------------------------------------------


def run_code(x: object) -> object:
    """Leave a trace; what stands in hostile models."""
    __import__("pathlib").Path("code-was-run").touch()
    return x


class RunsCode:
    """What, when it is unpickled, leaves a trace."""

    def __reduce__(self) -> tuple:
        return pathlib.Path.touch, (Path(CANARY),)


def hostile_npz_networks(folder: Path) -> Iterator[Path]:
    """Files .npz that are no network, would run code, or ask for gigabytes."""
    whole = md.MODEL.read_bytes()
    with np.load(md.MODEL) as arrays:
        good = dict(arrays)
    described = good["layers"].tolist()
    changed = {
        "runs code": {"layers": np.array([RunsCode()])},
        "runs code in its weights": {"weights_0": np.array([RunsCode()])},
        "unknown layer": {"layers": np.array([["a", "lambda", "relu", "same"], *described[1:]])},
        "layers in two words": {"layers": np.array([["a", "dense"]] * len(described))},
        "layers are numbers": {"layers": np.arange(12)},
        "more layers than weights": {"layers": np.array(described * 2)},
        "a million layers": {"layers": np.array([["a", "flatten", "", ""]] * 1_000_000)},
        "no layers": {"layers": np.zeros((0, 4), str)},
        "not a number": {"bias_0": np.full_like(good["bias_0"], np.nan)},
        "other shapes": {"weights_0": np.zeros((3, 3, 7, 2), np.float32)},
        "strings for weights": {"weights_0": np.array(["3"])},
        "a million maps": {"weights_0": np.zeros((3, 3, 1, 1_000_000), np.float32)},
        "a kernel as large as a house": {"weights_0": np.zeros((9999, 999, 1, 1), np.float32)},
    }
    for name, arrays in changed.items():
        np.savez_compressed(folder / f"{name}.npz", **{**good, **arrays})
        yield folder / f"{name}.npz"
    bogus = {
        "empty": b"",
        "noise": np.random.default_rng(5).bytes(100_000),
        "text": b"no network\n" * 100,
        "picture": cv2.imencode(".png", digit_picture())[1].tobytes(),
        "halved": whole[: len(whole) // 2],
        "without its end": whole[:-1],
        "bomb": npz_bomb("layers"),
        "bomb in its weights": npz_bomb("weights_0"),
    }
    for name, content in bogus.items():
        (folder / f"{name}.npz").write_bytes(content)
        yield folder / f"{name}.npz"
    (folder / "folder.npz").mkdir()
    (folder / "dangling.npz").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.npz")
    for name in ("folder", "dangling", "pipe", "none", "two\nlines"):
        yield folder / f"{name}.npz"


def hostile_networks(folder: Path) -> Iterator[Path]:  # noqa: C901  a list of files, no branches
    """Files that are no network for Keras, would run code, or ask for gigabytes."""
    keras = md.import_keras()
    from keras import layers

    def network(*some: keras.layers.Layer, shape: tuple = (28, 28, 1)) -> keras.Model:
        return keras.Sequential([keras.Input(shape), *some])

    def ends() -> list[keras.layers.Layer]:
        return [layers.Flatten(), layers.Dense(10, activation="softmax")]

    # It is to be a lambda, and to bring all along that it needs.
    anonymous = lambda x: (__import__("pathlib").Path("code-was-run").touch(), x)[1]  # noqa: E731
    networks = {
        "lambda": network(layers.Lambda(anonymous, output_shape=(28, 28, 1)), *ends()),
        "lambda of a name": network(layers.Lambda(run_code, output_shape=(28, 28, 1)), *ends()),
        "lambda as activation": network(layers.Flatten(), layers.Dense(10, activation=anonymous)),
        "of another shape": network(*ends(), shape=(32, 32, 3)),
        "of seven digits": network(layers.Flatten(), layers.Dense(7, activation="softmax")),
        "without probabilities": network(layers.Flatten(), layers.Dense(10)),
    }
    networks["not a number"] = network(*ends())
    networks["not a number"].layers[-1].set_weights([np.full((784, 10), np.nan), np.zeros(10)])
    with md.silenced():
        for name, suffix in itertools.product(networks, (".keras", ".h5")):
            networks[name].save(folder / f"{name}{suffix}")
            yield folder / f"{name}{suffix}"
        huge = network(
            layers.UpSampling2D(2),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(64),
            *ends()[1:],
        )
        huge.save(folder / "whole.keras")
        huge.save(folder / "whole.h5")

    with zipfile.ZipFile(folder / "whole.keras") as parts:
        whole = {name: parts.read(name) for name in parts.namelist()}
    config = json.loads(whole["config.json"])

    def write(name: str, **changed: object) -> Path:
        changed = {"config.json": json.dumps(changed["config"])} if "config" in changed else changed
        with zipfile.ZipFile(folder / f"{name}.keras", "w", zipfile.ZIP_DEFLATED) as file:
            for part, content in {**whole, **changed}.items():
                file.writestr(part, content)
        return folder / f"{name}.keras"

    def write_with(name: str, **layer: object) -> Path:
        changed = json.loads(whole["config.json"])
        changed["config"]["layers"].insert(1, {"registered_name": None, **layer})
        return write(name, config=changed)

    yield write_with(
        "system", module="os", class_name="system", config={"command": f"touch {CANARY}"}
    )
    yield write_with("function", module="os", class_name="function", config="system")
    yield write_with("download", module="keras.utils", class_name="function", config="get_file")
    yield write_with(
        "pickle", module="keras.layers", class_name="TorchModuleWrapper", config={"module": "gAN9"}
    )
    yield write_with(
        "graph", module="keras.layers", class_name="TFSMLayer", config={"filepath": "/"}
    )
    yield write_with(
        "file",
        module="keras.layers",
        class_name="StringLookup",
        config={"vocabulary": "/etc/hostname", "name": "v"},
    )
    text = json.dumps(config)
    yield write(
        "two gigabytes of units", **{"config.json": text.replace('"units": 64', '"units": 700000')}
    )
    yield write(
        "a billion units", **{"config.json": text.replace('"units": 64', '"units": 1000000000')}
    )
    vast = re.sub(r'"(size|pool_size|strides)": \[2, 2\]', r'"\1": [2000, 2000]', text)
    yield write("vast picture", **{"config.json": vast})
    yield write("deep", **{"config.json": "[" * 100_000 + "]" * 100_000})
    without_input = {"layers": config["config"]["layers"][1:], "build_input_shape": None}
    inner = {**config["config"], **without_input}
    yield write("no input", config={**config, "build_config": {}, "config": inner})
    yield write("a layer", config=keras.saving.serialize_keras_object(layers.Dense(3)))
    yield write("weights bomb", **{"model.weights.h5": bytes(1 << 30)})
    yield write("config bomb", **{"config.json": bytes(1 << 30)})
    yield write("shape bomb", **{"model.weights.h5": with_vast_dataset(whole["model.weights.h5"])})
    shutil.copy(folder / "whole.h5", folder / "units.h5")
    with open_h5(folder / "units.h5") as file:
        file.attrs["model_config"] = file.attrs["model_config"].replace(
            '"units": 64', '"units": 700000'
        )
    yield folder / "units.h5"

    for suffix in (".keras", ".h5"):
        content = (folder / f"whole{suffix}").read_bytes()
        noise = np.random.default_rng(6).bytes(5000)
        for name, bogus in {
            "empty": b"",
            "noise": noise,
            "halved": content[: len(content) // 2],
        }.items():
            (folder / f"{name}{suffix}").write_bytes(bogus)
            yield folder / f"{name}{suffix}"
    (folder / "folder.keras").mkdir()
    os.mkfifo(folder / "pipe.keras")
    for name in ("folder.keras", "pipe.keras", "none.keras"):
        yield folder / name


def open_h5(file: Path | io.BytesIO):
    """An .h5 file, to be changed. Keras brings h5py along."""
    import h5py

    return h5py.File(file, "r+")


def with_vast_dataset(content: bytes) -> bytes:
    """An .h5 file of weights with one set of 4 GB that takes no room in the file."""
    kept = io.BytesIO(content)
    with open_h5(kept) as file:
        values = file["layers/dense/vars"]
        del values["0"]
        values.create_dataset(
            "0", shape=(784, 1_300_000), dtype="f4", chunks=(784, 100), compression="gzip"
        )
    return kept.getvalue()


def npz_bomb(name: str = "x_train", thousands: int = 1400) -> bytes:
    """An .npz file of a megabyte with a gigabyte of images in an array of this name."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts,
        parts.open(f"{name}.npy", "w") as images,
    ):
        header = {"descr": "|u1", "fortran_order": False, "shape": (1000 * thousands, 28, 28)}
        np.lib.format.write_array_header_1_0(images, header)
        for _ in range(thousands):
            images.write(bytes(1000 * 28 * 28))
    return file.getvalue()
