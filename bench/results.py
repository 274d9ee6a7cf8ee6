"""Rows of the tables."""
import stats


def row(area, name, **more):
    return {"area": area, "name": name, "ratio": None, "quartiles": None, "us": None, "base": None, "base_us": None,
            "to_ward": None, "checks": None, **more}


def ratio_of(entry, base):
    """The members of a row that say how the entry compares with its base."""
    spread = stats.spread(stats.ratios(entry.samples, base.samples)).rounded(3)
    return {"ratio": spread.median, "quartiles": [spread.low, spread.high],
            "base_us": round(stats.spread(base.samples).median / 1000, 3)}


def microseconds(entry):
    return round(stats.spread(entry.samples).median / 1000, 3)
