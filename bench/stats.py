"""What is said of samples: medians and quartiles, of ratios that were taken within one round."""
import dataclasses
import statistics


@dataclasses.dataclass(frozen=True)
class Spread:
    """Spread is a median with the quartiles beside it."""

    low: float
    median: float
    high: float

    def rounded(self, digits):
        return Spread(*(round(x, digits) for x in (self.low, self.median, self.high)))


def spread(samples):
    """spread of any number of samples but none; of one sample all three are it."""
    if len(samples) == 1:
        return Spread(samples[0], samples[0], samples[0])
    return Spread(*statistics.quantiles(samples, n=4, method="inclusive"))


def ratios(samples, base):
    """ratios pairs what was timed in the same round: a slow moment of the machine is in both."""
    if len(samples) != len(base):
        raise ValueError(f"{len(samples)} rounds of one, {len(base)} of the other")
    return [one / other for one, other in zip(samples, base)]
