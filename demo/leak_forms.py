"""The forms in which a secret would be recognised: what leak_search.py looks for.

Every form is a set of 16-octet windows, so that one search finds all of them at every alignment:

- raw       all windows of the octets; where they are a zip (torch.save), of its unpacked members too
- base64    all windows of the base64 text, at the three phases, in both alphabets
- hex       all windows of the hexadecimal text, lower and upper case
- float32-le, float32-be   four consecutive values
- float64-le, float64-be   two consecutive values
- decimal   16 characters from a value's first one on, in the ways that Python, C, numpy, torch, CSV
            and JSON print numbers one after the other
- float64-single   one value as an aligned float64, as it lies in a Python object. Eight octets: the
            search counts it as a leak only where several different values are found (leak_search.NEEDED)

A window that is trivial proves nothing and is left out: fewer than 5 different octets, or (decimal,
single) a value with fewer than 4 significant digits.
"""
import base64
import dataclasses
import io
import math
import zipfile

import numpy as np

WINDOW = 16
ANCHOR = 8
DIFFERENT_OCTETS = 5
SIGNIFICANT_DIGITS = 4
MAX_SECRET = 4 << 20  # octets; the forms of a secret are about 20 times its size

RAW = "raw"
ENCODED = ("base64", "hex")
FLOATS = ("float32-le", "float32-be", "float64-le", "float64-be", "decimal")
SINGLE = "float64-single"

_PRINTED = (repr, lambda v: str(np.float32(v)), "{:.6g}".format, "{:.4f}".format, "{:.4e}".format, "{:.18e}".format)
_BETWEEN = (",", ", ", ",  ", " ", "\n", "\t")


@dataclasses.dataclass(frozen=True)
class Secret:
    """Secret is one plaintext: its octets, and the numbers in it in the order in which they stand."""

    name: str
    data: bytes
    values: tuple = ()


@dataclasses.dataclass
class Windows:
    """Windows are the different windows of one form as pairs of little-endian words; `trivial` were left out.
    `pieces` hold each word that lies at offset 0 to 7 of one of them, and may hold more, and some twice."""

    low: np.ndarray
    high: np.ndarray
    trivial: int
    pieces: np.ndarray


def words_at_every_octet(octets):
    """words_at_every_octet: the 8-octet word that begins at each octet, as uint64."""
    count = max(0, len(octets) - ANCHOR + 1)
    return np.ndarray((count,), "<u8", buffer=octets, strides=(1,)) if count else np.zeros(0, np.uint64)


def mix(low, high):
    """mix: one 64-bit value for a window. Equal windows have equal values; the reverse is checked apart."""
    out = low * np.uint64(0x9E3779B97F4A7C15)
    out ^= out >> np.uint64(29)
    out += high
    out *= np.uint64(0xBF58476D1CE4E5B9)
    out ^= out >> np.uint64(32)
    return out


def different_octets(rows):
    """different_octets: how many different octets each row of a 2-D uint8 array has."""
    ordered = np.sort(rows, axis=1)
    return 1 + np.count_nonzero(ordered[:, 1:] != ordered[:, :-1], axis=1)


def windows_of(texts, starts_of=None):
    """windows_of: the windows of `texts`; of all positions, or of `starts_of(text)`."""
    nothing = np.zeros(0, np.uint64)
    low, high, pieces = [nothing], [nothing], [nothing]
    for text in texts:
        count = len(text) - WINDOW + 1
        if count <= 0:
            continue
        starts = np.arange(count) if starts_of is None else starts_of(text)
        starts = starts[starts < count]
        words = words_at_every_octet(text)
        low.append(words[starts])
        high.append(words[starts + ANCHOR])
        if starts_of is None:
            pieces.append(words)
    low, high = np.concatenate(low), np.concatenate(high)
    _, first = np.unique(mix(low, high), return_index=True)
    low, high = low[first], high[first]
    rows = np.stack([low, high], axis=1).astype("<u8").view(np.uint8).reshape(-1, WINDOW)
    telling = different_octets(rows) >= DIFFERENT_OCTETS
    if starts_of is not None:
        pieces += [np.ascontiguousarray(rows[telling, at:at + ANCHOR]).view("<u8").ravel() for at in range(ANCHOR)]
    return Windows(low[telling], high[telling], int(np.count_nonzero(~telling)), np.concatenate(pieces))


def every(step):
    return lambda text: np.arange(0, len(text), step)


def zip_members(data):
    """zip_members: the unpacked members, where `data` is a zip; torch.save stores tensors in one."""
    if not data.startswith(b"PK"):
        return []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            small = [entry for entry in archive.infolist() if entry.file_size <= MAX_SECRET]
            return [archive.read(entry) for entry in small]
    except (zipfile.BadZipFile, NotImplementedError, OSError):
        return []


def base64_texts(data):
    for phase in range(3):
        text = base64.b64encode(data[phase:])
        yield text
        yield text.translate(bytes.maketrans(b"+/", b"-_"))


def significant_digits(value):
    digits = repr(float(value)).split("e")[0].replace(".", "").replace("-", "")
    return len(digits.strip("0"))


def decimal_windows(values):
    """decimal_windows: from each telling value's first character on, in each way of printing."""
    values = [float(v) for v in values if math.isfinite(v)]
    telling = np.array([significant_digits(v) >= SIGNIFICANT_DIGITS for v in values], bool)
    texts, starts = [], {}
    for printed in _PRINTED:
        words = [printed(v) for v in values]
        for between in _BETWEEN:
            text = between.join(words).encode()
            sizes = np.array([len(w) + len(between) for w in words], np.int64)
            texts.append(text)
            starts[text] = (np.cumsum(sizes) - sizes)[telling]
    found = windows_of(texts, starts.__getitem__)
    found.trivial += int(np.count_nonzero(~telling))
    return found


def single_words(values):
    """single_words: the telling values as float64 words, and how many were left out. A float32 value
    that became a Python float is the same word."""
    values = np.unique(np.array([v for v in values if math.isfinite(v)], "<f8"))
    digits = np.array([significant_digits(v) >= SIGNIFICANT_DIGITS for v in values], bool)
    rows = values.view(np.uint8).reshape(-1, ANCHOR)
    telling = digits & (different_octets(rows) >= DIFFERENT_OCTETS) if len(values) else digits
    return values.view("<u8")[telling], int(np.count_nonzero(~telling))


def forms_of(secret):
    """forms_of: form name -> Windows, of everything but the single values. ValueError: too large."""
    if len(secret.data) > MAX_SECRET:
        raise ValueError(f"{secret.name}: {len(secret.data)} octets, at most {MAX_SECRET}")
    data = bytes(secret.data)
    texts = data.hex().encode()
    out = {
        RAW: windows_of([data, *zip_members(data)]),
        "base64": windows_of(base64_texts(data)),
        "hex": windows_of([texts, texts.upper()]),
    }
    values = np.array(secret.values, np.float64)
    if len(values):
        with np.errstate(over="ignore"):
            packed = {"float32-le": values.astype("<f4"), "float32-be": values.astype(">f4"),
                      "float64-le": values.astype("<f8"), "float64-be": values.astype(">f8")}
        for name, array in packed.items():
            out[name] = windows_of([array.tobytes()], every(array.itemsize))
        out["decimal"] = decimal_windows(secret.values)
    return out
