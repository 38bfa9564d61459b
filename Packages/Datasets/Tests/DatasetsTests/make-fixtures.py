"""Makes Fixtures/ with pillow and numpy: python make-fixtures.py (pillow 13, numpy 2; any recent version gives the same pixels).

png.json: PNG files of every colour type and depth, plain and interlaced, with and without tRNS, written by the small
writer below (pillow cannot write them all), and the samples that pillow decodes from them.
small.zip, large.zip: archives without and with the 64-bit extensions.
resizing.json: pictures resized by pillow.
jpeg.json: JPEG files and the samples that pillow decodes from them; other-pictures.json: formats that are not read.
pickles/: the pickled layouts of miniImageNet and tieredImageNet, tiny, for every pickle protocol; odd-pickles.json: other containers and keys.
"""

import base64
import io
import json
import pickle
import struct
import zipfile
import zlib
from collections import OrderedDict, defaultdict
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

here = Path(__file__).parent / "Fixtures"
(here / "pickles").mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(7)
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
SAMPLES = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed_rows(samples, depth):
    """Filter byte 0 and the packed samples of each row."""
    out = b""
    for row in samples:
        values = row.reshape(-1)
        if depth == 16:
            data = values.astype(">u2").tobytes()
        elif depth == 8:
            data = values.astype("u1").tobytes()
        else:
            bits = "".join(format(v, f"0{depth}b") for v in values)
            bits += "0" * (-len(bits) % 8)
            data = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
        out += b"\0" + data
    return out


def png(samples, kind, depth, interlaced, palette=None, transparency=None):
    height, width = samples.shape[:2]
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced))
    if palette is not None:
        data += chunk(b"PLTE", palette.astype("u1").tobytes())
    if transparency is not None:
        data += chunk(b"tRNS", transparency)
    if interlaced:
        raw = b"".join(
            packed_rows(samples[y::dy, x::dx], depth) for x, y, dx, dy in ADAM7 if samples[y::dy, x::dx].size
        )
    else:
        raw = packed_rows(samples, depth)
    return data + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def pillow(data, kind, depth, transparent):
    image = Image.open(io.BytesIO(data))
    if kind == PALETTE:
        image = image.convert("RGBA" if transparent else "RGB")
    elif kind == GREY and depth < 16:
        image = image.convert("LA" if transparent else "L")
    elif kind == RGB and transparent:
        image = image.convert("RGBA")
    elif kind == GREY_ALPHA and image.mode == "RGBA":  # how pillow holds 16-bit grey and alpha
        image = image.convert("LA")
    values = np.asarray(image)
    return values if values.ndim == 3 else values[:, :, None]


cases = []
for kind, depths in [(GREY, [1, 2, 4, 8, 16]), (RGB, [8, 16]), (PALETTE, [1, 2, 4, 8]), (GREY_ALPHA, [8, 16]), (RGBA, [8, 16])]:
    for depth in depths:
        for interlaced in (0, 1):
            for transparent in (False, True):
                if transparent and kind in (GREY_ALPHA, RGBA):
                    continue
                for height, width in [(7, 13), (1, 1), (5, 3)]:
                    samples = rng.integers(0, 1 << depth, (height, width, SAMPLES[kind]))
                    palette = rng.integers(0, 256, (1 << depth, 3)) if kind == PALETTE else None
                    transparency = None
                    if transparent and kind == PALETTE:
                        transparency = rng.integers(0, 256, max(1, (1 << depth) - 1)).astype("u1").tobytes()
                    elif transparent:
                        transparency = samples[0, 0].astype(">u2").tobytes()
                    data = png(samples, kind, depth, interlaced, palette, transparency)
                    case = {
                        "name": f"type {kind}, {depth} bits{', interlaced' * interlaced}{', tRNS' * transparent}, {width} x {height}",
                        "png": base64.b64encode(data).decode(),
                        "width": width,
                        "height": height,
                    }
                    expected = pillow(data, kind, depth, transparent)
                    if depth == 16:
                        # pillow keeps 16 bits only in grey; the samples that were written are the truth for all.
                        truth = samples.astype("u2")
                        if transparent:
                            opaque = np.any(samples != samples[0, 0], axis=2, keepdims=True)
                            truth = np.concatenate([truth, np.where(opaque, 65535, 0)], axis=2)
                        case["samples16"] = base64.b64encode(truth.astype(">u2").tobytes()).decode()
                        if kind == GREY:
                            assert np.array_equal(expected[..., 0], samples[..., 0])
                        elif not transparent:
                            assert np.array_equal(expected, samples >> 8)
                        expected = truth >> 8
                    elif kind == GREY and transparent:
                        # pillow 13 compares the tRNS value of 2 and 4 bits with the widened samples, so it misses them.
                        expected = expected.copy()
                        assert depth in (2, 4) or np.array_equal(expected[..., 1:], np.where(samples == samples[0, 0], 0, 255))
                        expected[..., 1:] = np.where(samples == samples[0, 0], 0, 255)
                    case["channels"] = expected.shape[2]
                    case["pixels"] = base64.b64encode(expected.astype("u1").tobytes()).decode()
                    cases.append(case)
(here / "png.json").write_text(json.dumps(cases, indent=0) + "\n")

resized = []
for mode, channels in [("L", 1), ("RGB", 3)]:
    for (width, height), (new_width, new_height) in [((105, 105), (28, 28)), ((13, 9), (5, 4)), ((6, 5), (11, 17)), ((84, 60), (84, 21)), ((9, 7), (3, 7))]:
        # Blocks of noise: a small file, yet sharp edges.
        small = rng.integers(0, 256, (-(-height // 7), -(-width // 7), channels))
        source = np.repeat(np.repeat(small, 7, 0), 7, 1)[:height, :width].astype("u1")
        image = Image.fromarray(source[..., 0] if channels == 1 else source, mode)
        for name, filter in [("box", Image.Resampling.BOX), ("bilinear", Image.Resampling.BILINEAR)]:
            buffer = io.BytesIO()
            image.save(buffer, "png")
            resized.append({
                "png": base64.b64encode(buffer.getvalue()).decode(), "filter": name, "width": new_width, "height": new_height,
                "pixels": base64.b64encode(np.asarray(image.resize((new_width, new_height), filter)).tobytes()).decode(),
            })
(here / "resizing.json").write_text(json.dumps(resized, indent=0) + "\n")

# miniImageNet: 3 classes of 4 images of 2 x 2, image i filled with the value i.
images = np.repeat(np.arange(12, dtype="u1"), 12).reshape(12, 2, 2, 3)
classes = {"n01": [0, 1, 2, 3], "n02": [4, 5, 6, 7], "n03": [8, 9, 10, 11]}
for protocol in range(2, 6):
    with open(here / f"pickles/mini-{protocol}.pkl", "wb") as file:
        pickle.dump({"image_data": images, "class_dict": classes}, file, protocol=protocol)

# tieredImageNet: a list of PNG byte arrays [n, 1], as cv2.imencode returns them; labels by number and by name.
encoded = []
for i in range(6):
    buffer = io.BytesIO()
    Image.fromarray(np.full((2, 2, 3), 10 * i, "u1")).save(buffer, "png")
    encoded.append(np.frombuffer(buffer.getvalue(), "u1").reshape(-1, 1).copy())
labels = {
    "label_specific": np.array([0, 0, 1, 1, 2, 2]), "label_general": np.array([0, 0, 0, 0, 1, 1]),
    "label_specific_str": ["kit fox", "red fox", "beer glass"], "label_general_str": ["fox", "glass"],
}
for protocol in (2, 4, 5):
    (here / f"pickles/tiered-{protocol}").mkdir(exist_ok=True)
    for split in ("train", "val", "test"):
        with open(here / f"pickles/tiered-{protocol}/{split}_images_png.pkl", "wb") as file:
            pickle.dump(encoded, file, protocol=protocol)
        with open(here / f"pickles/tiered-{protocol}/{split}_labels.pkl", "wb") as file:
            pickle.dump(labels, file, protocol=protocol)

# Zip archives: one as usual, one with the 64-bit extensions, which Python uses when its limits are passed.
for name, limit in [("small.zip", 1 << 31), ("large.zip", 0)]:
    zipfile.ZIP64_LIMIT = limit
    with zipfile.ZipFile(here / name, "w") as archive:
        for entry, content, method in [("a/", b"", 0), ("a/stored.txt", b"stored", 0), ("b/deflated.txt", b"deflated " * 100, 8)]:
            info = zipfile.ZipInfo(entry, (2020, 1, 1, 0, 0, 0))
            info.compress_type = method
            archive.writestr(info, content)
# Python leaves small numbers in the end record; the extension is for those it cannot hold.
large = (here / "large.zip").read_bytes()
(here / "large.zip").write_bytes(large[:-14] + b"\xff" * 12 + large[-2:])

# JPEG files as pillow writes them, and the pixels that it decodes (upright, where EXIF turns them).
rng = np.random.default_rng(8)
photo = np.repeat(np.repeat(rng.integers(0, 256, (4, 5, 3)), 6, 0), 5, 1)[:21, :23].astype("u1")
jpegs = []
for name, mode, options in [
    ("grey", "L", {}), ("colour, 4:2:0", "RGB", {}), ("colour, 4:4:4", "RGB", {"subsampling": 0}),
    ("progressive", "RGB", {"progressive": True}), ("progressive grey", "L", {"progressive": True}),
    ("restart markers", "RGB", {"restart_marker_blocks": 1}), ("quality 100", "RGB", {"quality": 100}),
    *((f"orientation {n}", "RGB", {"orientation": n}) for n in range(1, 9)), ("CMYK", "CMYK", {}),
]:
    image, buffer = Image.fromarray(photo).convert(mode), io.BytesIO()
    orientation = options.pop("orientation", None)
    if orientation:
        options["exif"] = Image.Exif()
        options["exif"][0x0112] = orientation
    image.save(buffer, "jpeg", **options)
    shown = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(buffer.getvalue()))))
    shown = shown if shown.ndim == 3 else shown[:, :, None]
    jpegs.append({
        "name": name, "jpeg": base64.b64encode(buffer.getvalue()).decode(), "width": shown.shape[1], "height": shown.shape[0],
        "channels": shown.shape[2], "pixels": base64.b64encode(shown.tobytes()).decode(),
    })
(here / "jpeg.json").write_text(json.dumps(jpegs, indent=0) + "\n")

# Pictures in formats that are not read.
others = {}
for kind in ["WEBP", "TIFF", "GIF", "BMP", "AVIF"]:
    buffer = io.BytesIO()
    Image.fromarray(photo[:2, :2]).save(buffer, kind)
    others[kind] = base64.b64encode(buffer.getvalue()).decode()
(here / "other-pictures.json").write_text(json.dumps(others, indent=0) + "\n")

# The containers and keys in which people pickle miniImageNet: each holds the images and classes above.
odd = {
    "ordered": OrderedDict(classes), "defaultdict": defaultdict(list, classes),
    "tuples": {name: tuple(members) for name, members in classes.items()},
    "ranges": {name: range(members[0], members[-1] + 1) for name, members in classes.items()},
    "numpy strings": {np.str_(name): members for name, members in classes.items()},
    "numpy bytes": {np.bytes_(name): members for name, members in classes.items()},
    "numpy integers": {name: [np.int64(i) for i in members] for name, members in classes.items()},
    "numpy arrays": {name: np.array(members) for name, members in classes.items()},
    "sets": {name: set(members) for name, members in classes.items()},
    "frozen sets": {name: frozenset(members) for name, members in classes.items()},
    "unsigned arrays": {name: np.array(members, "u2") for name, members in classes.items()},
}
sets = {name: {"image_data": images, "class_dict": value} for name, value in odd.items()}
varied = rng.integers(0, 256, (12, 2, 3, 3)).astype("u1")
sets["Fortran order"] = {"image_data": np.asfortranarray(varied), "class_dict": classes}
sets["the same in C order"] = {"image_data": varied, "class_dict": classes}
# What stands beside them is not needed, whatever it is.
sets["numbers beside them"] = {"image_data": images, "rate": 0.5, "large": 2**70, "larger": -(2**3000), "class_dict": classes}
sets["floats"] = {"image_data": images.astype("f4"), "class_dict": classes}
pickles = {f"{name}, protocol {p}": base64.b64encode(pickle.dumps(value, p)).decode() for name, value in sets.items() for p in (2, 4)}
# Lines of text, as Python 2 wrote by default; in class names what must be escaped there.
named = {"é \\u \n'\"\U0001F436": [0, 1, 2, 3], "b": [4, 5, 6, 7], "c": [8, 9, 10, 11]}
for p in (0, 1, 4):
    pickles[f"escaped names, protocol {p}"] = base64.b64encode(pickle.dumps({"image_data": images, "class_dict": named}, p)).decode()
    value = {"image_data": images, "rate": 0.5, "large": 2**70, "class_dict": classes}
    pickles[f"numbers beside them, protocol {p}"] = base64.b64encode(pickle.dumps(value, p)).decode()
(here / "odd-pickles.json").write_text(json.dumps(pickles, indent=0) + "\n")

# Arrays as numpy.save writes them, in either order, and what they hold, row by row: numbers as float32, integers, text.
def saved(array, version=None):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version)
    return base64.b64encode(buffer.getvalue()).decode()


rng = np.random.default_rng(9)
arrays = []
for shape in [(), (5,), (3, 4), (2, 3, 2), (2, 1, 3, 2)]:
    for kind in ["f2", "f4", "f8", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "b1"]:
        values = np.asarray(rng.integers(0, 2, shape) if kind == "b1" else rng.normal(0, 40, shape)).astype(kind)
        if kind[0] in "iu":
            values = rng.integers(np.iinfo(kind).min, np.iinfo(kind).max, shape, kind, endpoint=True)
            values = np.asarray(values & 0x7FFF_FFFF_FFFF_FFFF if kind == "u8" else values, kind)
        for order in "CF" if len(shape) > 1 else "C":
            array = {"name": f"{kind} {shape} {order}", "npy": saved(np.asarray(values, order=order)), "shape": shape}
            array["floats"] = base64.b64encode(values.astype("<f4").tobytes()).decode()
            if kind[0] != "f":
                array["integers"] = base64.b64encode(values.astype("<i8").tobytes()).decode()
            arrays.append(array)
names = np.array([["cat", "", "Ähre"], ["\U0001F436", "a b", "dog, wet"]])
for order in "CF":
    arrays.append({"name": f"U {order}", "npy": saved(np.asarray(names, order=order)), "shape": (2, 3), "texts": names.reshape(-1).tolist()})
arrays.append({"name": "S", "npy": saved(np.array([b"cat", b"dogs", b""])), "shape": (3,), "texts": ["cat", "dogs", ""]})
for version in [(2, 0), (3, 0)]:
    array = np.arange(6, dtype="f4").reshape(2, 3)
    floats = base64.b64encode(array.tobytes()).decode()
    arrays.append({"name": f"version {version[0]}", "npy": saved(array, version), "shape": (2, 3), "floats": floats})
halves = np.arange(1 << 16, dtype="u2").view("f2")
halves = halves[np.isfinite(halves)][::61]  # every kind of them: both signs, subnormal, largest
floats = base64.b64encode(halves.astype("f4").tobytes()).decode()
arrays.append({"name": "halves", "npy": saved(halves), "shape": halves.shape, "floats": floats})
(here / "npy.json").write_text(json.dumps(arrays, indent=0) + "\n")

# Arrays that are not read, each with a word of what is said about it.
others = {
    "objects": (np.array([1, None], object), "pickled Python objects"), "records": (np.zeros(2, "i4,f4"), "records"),
    "complex": (np.zeros(2, "c8"), "<c8"), "dates": (np.array(["2020-01-01"], "M8[D]"), "<M8[D]"),
    "long double": (np.zeros(2, "f16"), "<f16"), "big-endian": (np.zeros(2, ">f4"), "little-endian"),
    "bytes of another type": (np.zeros(2, "V2"), "|V2"), "no rows": (np.zeros((0, 3), "f4"), "[0, 3]"),
}
refused = [{"name": name, "npy": saved(array), "complaint": word} for name, (array, word) in others.items()]
buffer = io.BytesIO()
np.savez(buffer, a=np.zeros(2))
refused.append({"name": "npz", "npy": base64.b64encode(buffer.getvalue()).decode(), "complaint": ".npz"})
(here / "refused-npy.json").write_text(json.dumps(refused, indent=0) + "\n")
