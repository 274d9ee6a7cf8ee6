"""The Wisconsin breast-cancer data (569 real patients), split between vendor and hospital.

python3 records.py DATA TRAINING RECORDS TRUTH: the vendor's training table (samples and label), the
hospital's records (patient and samples), and what really was the matter (patient, malignant), which stays
with the hospital.
"""
import csv
import pathlib
import random
import sys

HELD_OUT = 171  # 30 % of 569
NAMES = [f"{kind}_{what}" for kind in ("mean", "error", "worst") for what in (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave_points",
    "symmetry", "fractal_dimension")]


def read(path: pathlib.Path) -> list[list[str]]:
    """read returns the rows of scikit-learn's copy: 30 measurements and a class, 0 being malignant."""
    with path.open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    if len(rows) != 569 or any(len(row) != 31 for row in rows):
        raise ValueError(f"{path}: not the breast-cancer data of 569 patients")
    return [row[:30] + [str(1 - int(row[30]))] for row in rows]


def split(rows: list[list[str]]) -> tuple[list[list[str]], list[list[str]]]:
    """split shuffles with a fixed seed and returns training rows and held-out rows."""
    order = random.Random(569).sample(rows, len(rows))
    return order[HELD_OUT:], order[:HELD_OUT]


def write(path: pathlib.Path, head: list[str], rows: list[list[str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])


def main(argv: list[str]) -> int:
    data, training, records, truth = (pathlib.Path(a) for a in argv)
    mine, held_out = split(read(data))
    patients = [f"P{number:04d}" for number in range(1, len(held_out) + 1)]
    write(training, [*NAMES, "malignant"], mine)
    write(records, ["patient", *NAMES], [[p, *row[:30]] for p, row in zip(patients, held_out)])
    write(truth, ["patient", "malignant"], [[p, row[30]] for p, row in zip(patients, held_out)])
    print(f"records: {len(mine)} patients for training, {len(held_out)} held out")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
