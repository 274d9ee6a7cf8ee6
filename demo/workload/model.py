"""The vendor's classifier: its code is what the vendor sells, so it is sealed like the weights."""
import torch

FEATURES = 30


class TumourClassifier(torch.nn.Module):
    """TumourClassifier maps the 30 measurements of a cell nucleus sample to the logit of `malignant`."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(FEATURES))
        self.register_buffer("scale", torch.ones(FEATURES))
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(FEATURES, 256), torch.nn.ReLU(),
            torch.nn.Linear(256, 64), torch.nn.ReLU(),
            torch.nn.Linear(64, 1))

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        return self.layers((samples - self.mean) / self.scale).squeeze(1)
