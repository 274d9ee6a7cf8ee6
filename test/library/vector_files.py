"""The facts of the vectors of tee/*/testdata: each line of case.txt is a name and a value; some names stand again."""
import random


def facts(folder):
    """facts is the values by name; of a name that stands again, the last."""
    return dict(line.split() for line in (folder / "case.txt").read_text().splitlines() if line.strip())


def signed(folder):
    """signed lists the (begin, end) of the octets of which each flipped bit is refused."""
    out = []
    for line in (folder / "case.txt").read_text().splitlines():
        name, value = line.split()
        if name == "signed_octets":
            out.append((0, int(value)))
        elif name == "signed":
            out.append(tuple(int(part) for part in value.split("-")))
    return out


def some_signed(folder):
    """some_signed is the offset of an octet of which each flipped bit is refused."""
    begin, end = signed(folder)[0]
    return (begin + end) // 2


def any_signed(ranges):
    """any_signed is the offset of one of these octets, each as likely as the others."""
    begin, end = random.choices(ranges, [end - begin for begin, end in ranges])[0]
    return random.randrange(begin, end)
