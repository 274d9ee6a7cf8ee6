"""The vendor trains the classifier on its own patients: python3 train.py RECORDS WEIGHTS OLDER

OLDER are the weights after a third of the training: an earlier version, which the vendor withdrew. One seed
and one thread, so that the same records give the same weights.
"""
import csv
import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from model import TumourClassifier  # noqa: E402

LEARNING_RATE = 0.003
EPOCHS = 60


def load(path: pathlib.Path) -> tuple[torch.Tensor, torch.Tensor]:
    """load returns samples and labels (1: malignant)."""
    with path.open(newline="") as file:
        rows = [[float(value) for value in row] for row in list(csv.reader(file))[1:]]
    table = torch.tensor(rows)
    return table[:, :-1], table[:, -1]


def train(samples: torch.Tensor, labels: torch.Tensor, older: str) -> TumourClassifier:
    torch.manual_seed(1)
    torch.set_num_threads(1)
    model = TumourClassifier()
    model.mean.copy_(samples.mean(0))
    model.scale.copy_(samples.std(0))
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, weight_decay=1e-3)
    loss_of = torch.nn.BCEWithLogitsLoss()
    for epoch in range(EPOCHS):
        if epoch == EPOCHS // 3:
            torch.save(model.state_dict(), older)
        for chosen in torch.randperm(len(samples)).split(64):
            optimiser.zero_grad()
            loss_of(model(samples[chosen]), labels[chosen]).backward()
            optimiser.step()
    return model


def main(argv: list[str]) -> int:
    samples, labels = load(pathlib.Path(argv[0]))
    model = train(samples, labels, argv[2])
    with torch.no_grad():
        right = ((model(samples) > 0) == (labels > 0.5)).float().mean().item()
    torch.save(model.state_dict(), argv[1])
    print(f"train: {len(samples)} patients, {right:.1%} of them classified right")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
