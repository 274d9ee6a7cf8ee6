"""Ordinary PyTorch inference: it reads files and writes a file, and knows nothing of ward.

    python3 infer.py [FOLDER OF INPUTS] [FOLDER OF OUTPUTS]
"""
import csv
import pathlib
import sys

inputs, outputs = (pathlib.Path(p) for p in (sys.argv[1:] + ["/in", "/out"][len(sys.argv) - 1:]))
records = (inputs / "records.csv").read_text()
rows = list(csv.reader(records.splitlines()))[1:]
patients = [row[0] for row in rows]
samples = [[float(value) for value in row[1:]] for row in rows]
print(f"infer: {len(patients)} patients", flush=True)

import torch  # noqa: E402  (it takes the longest: after what is said about the inputs)

sys.dont_write_bytecode = True
sys.path.insert(0, str(inputs))
from model import TumourClassifier  # noqa: E402  (the vendor's code is an input)

model = TumourClassifier()
model.load_state_dict(torch.load(inputs / "weights.pt", map_location="cpu"))
model.eval()
with torch.no_grad():
    malignant = torch.sigmoid(model(torch.tensor(samples)))
with (outputs / "predictions.csv").open("w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["patient", "malignant"])
    writer.writerows([patient, f"{p:.9g}"] for patient, p in zip(patients, malignant.tolist()))
print(f"infer: {len(patients)} predictions", flush=True)
