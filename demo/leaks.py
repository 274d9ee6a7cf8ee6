"""Looks for the plaintexts of the story in everything that the operator, the network and the broker hold."""
import array
import csv
import io
import pathlib
import zipfile

from leak_forms import Secret
from leak_places import Place
from leak_search import Conclusion, Search, SearchResult, conclude
from performing import Performed
from world import World

# The control must see something in each of these. Not in stdout: infer.py prints no plaintext there.
CONTROLLED = ("operator's files", "recorded exchange", "launcher's memory", "broker's database")

TORCH = pathlib.Path("/usr/lib/python3/dist-packages/torch")


def values_of_csv(octets: bytes) -> tuple[float, ...]:
    rows = list(csv.reader(io.StringIO(octets.decode())))[1:]
    return tuple(float(cell) for row in rows for cell in row[1:])


def values_of_weights(octets: bytes) -> tuple[float, ...]:
    """values_of_weights: torch.save writes a zip; each tensor's storage is a member of little-endian floats."""
    values = array.array("f")
    with zipfile.ZipFile(io.BytesIO(octets)) as file:
        for name in file.namelist():
            if "/data/" in name:
                values.frombytes(file.read(name))
    return tuple(values)


def secrets_of(world: World) -> list[Secret]:
    records = world["hospital"].read("records.csv")
    weights = world["vendor"].read("weights.pt")
    code = world["vendor"].read("model.py")
    return [Secret("records", records, values_of_csv(records)), Secret("weights", weights, values_of_weights(weights)),
            Secret("code", code)]


def sources(folder: pathlib.Path) -> bytes:
    """sources: the launcher copies all of PyTorch; what the vendor's code has in common with it is no secret."""
    return b"\n".join(file.read_bytes() for file in sorted(folder.rglob("*.py")))


def search(world: World, kept: Performed, plain: Performed) -> tuple[Conclusion, SearchResult, SearchResult]:
    """search raises ProvesNothing where the control's plaintext is not found: then a clean result means nothing."""
    public = [Place("infer.py", "files", path=world.public / "infer.py"),
              Place("manifest", "files", path=world.public / "manifest.toml"),
              Place("PyTorch's sources", "data", data=sources(TORCH))]
    looking = Search(secrets_of(world), public)
    result, control = looking.look(kept.places), looking.look(plain.places)
    return conclude(result, control, CONTROLLED), result, control
