#!/usr/bin/env python3
"""Writes tink_0.bin, tink_1.bin, tink_1000.bin with Tink's own wheel (pip package tink 1.16.1)."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import tink_body  # noqa: E402

KEY = bytes(range(32))
for size in (0, 1, 1000):
    plaintext = bytes((i * 7 + i // 251) & 255 for i in range(size))
    path = pathlib.Path(__file__).resolve().parent / f"tink_{size}.bin"
    path.write_bytes(tink_body.seal(KEY, b"header", plaintext))
