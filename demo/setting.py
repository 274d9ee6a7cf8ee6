"""Before the work: the owners' data, keys and policies, and the manifest that they agree on."""
import concurrent.futures
import json
import pathlib
import subprocess

from parties import Party
from service import AdminKey
from world import ENVIRONMENT, OUTPUT, PYTHON, RESOURCES, World

PACKAGES = "/usr/lib/python3/dist-packages"
TREES = (f"{PACKAGES}/torch", f"{PACKAGES}/numpy", "/usr/lib/python3.11")
FILES = (f"{PACKAGES}/typing_extensions.py",)
INPUTS = ("model.py", "weights.pt", "records.csv")  # in this order the keep asks for their keys

HEAD = """version = 1
name = "{name}"
argv = ["{python}", "-s", "/app/infer.py"]
working_directory = "/"
network = "none"

[environment]
{environment}

[limits]
seconds = 120
memory_bytes = 4294967296
processes = 64
disk_bytes = 268435456
open_files = 1024

[broker]
url = "{url}"
spki_sha256 = "{spki}"

[[file]]
path = "/app/infer.py"
source = "{infer}"
"""


def make_data(world: World) -> None:
    """make_data splits the table between hospital and vendor, and has the vendor train."""
    workload = world.settings.demo / "workload"
    scratch = world.settings.work / "data"
    scratch.mkdir(mode=0o700)
    names = ("training.csv", "records.csv", "truth.csv")
    files = [scratch / name for name in names]
    subprocess.run([PYTHON, "-s", workload / "records.py", world.settings.data, *files], check=True,
                   capture_output=True, start_new_session=True)
    vendor, hospital = world["vendor"], world["hospital"]
    for file, party in zip(files, (vendor, hospital, hospital)):
        party.write(file.name, file.read_bytes())
        file.unlink()
    scratch.rmdir()
    for name in ("model.py", "train.py"):
        vendor.write(name, (workload / name).read_bytes())
    world.tell.says("vendor", vendor.run(PYTHON, "-s", "train.py", "training.csv", "weights.pt", "older.pt").strip())
    world.publish_file(workload / "infer.py")


def make_keys(world: World) -> None:
    """make_keys: owners' keys for administration, keys for the files, and the researcher's key."""
    owners = [AdminKey.make(world["hospital"], "hospital"), AdminKey.make(world["vendor"], "vendor")]
    machine = world.make_platform()
    world.open_service(owners, machine.device)
    trust = world["trust"]
    trust.run("mv", "wardd/admin.key.pem", "admin.key.pem")
    for file, resource in RESOURCES.items():
        owner = resource.split("/")[0]
        world[owner].run(world.ward, "key", "new", "--kind", "resource", "-o", f"{file}.key")
        world.administer(owner, "secret", "put", resource, "--file", f"{file}.key")
    researcher = world["researcher"]
    jwk = researcher.run(world.ward, "key", "new", "-o", "researcher.pem")
    world.publish("researcher.jwk", jwk.encode())


def seal(world: World, party: Party, file: str, name: str, version: int = 1) -> None:
    """seal encrypts a file to the broker's resource, and hands the sealed file to the operator."""
    made = party.run(world.ward, "seal", file, "--resource", RESOURCES[name], "--key", f"{name}.key", "--name", name,
                     "--creator", party.name, "--content-version", version, "-o", f"{file}.sealed", "--json")
    world["operator"].receive(party, f"{file}.sealed")
    if file == name:
        world.file_ids[name] = json.loads(made)["files"][0]["id"]


def seal_all(world: World) -> None:
    vendor = world["vendor"]
    seal(world, vendor, "model.py", "model.py")
    seal(world, vendor, "older.pt", "weights.pt", version=1)
    seal(world, vendor, "weights.pt", "weights.pt", version=2)
    seal(world, world["hospital"], "records.csv", "records.csv")



def write_manifest(world: World, name: str) -> str:
    """write_manifest: the files that PyTorch needs, as `ward keep new` finds them, under a head of our own."""
    operator = world["operator"]
    words: list[str] = [word for tree in TREES for word in ("--tree", tree)]
    words += [word for file in FILES for word in ("--file", file)]
    found = operator.run(world.ward, "keep", "new", *words, "--", PYTHON, "-s", "/app/infer.py")
    argv = next(line for line in found.splitlines() if line.startswith("argv"))
    files = found[found.index("\n[["):]
    environment = "\n".join(f'{key} = "{value}"' for key, value in ENVIRONMENT.items())
    text = HEAD.format(name=name, python=json.loads(argv.split("=", 1)[1])[0], url=world.broker_url("operator"),
                       spki=world.service.server_key, environment=environment, infer=world.public / "infer.py") + files
    for file in INPUTS:
        text += (f'\n[[input]]\nname = "{file}"\nresource = "{RESOURCES[file]}"\nfile_id = "{world.file_ids[file]}"\n'
                 f'source = "{operator.folder / (file + ".sealed")}"\n')
    receiver = world["researcher"].run(world.ward, "key", "public", "researcher.pem", "--format", "spki-base64").strip()
    return text + f'\n[[output]]\nname = "{OUTPUT}"\nreceiver = "{receiver}"\n'


def measure(world: World, party: Party, manifest: pathlib.Path) -> dict[str, object]:
    """measure is what an owner does on a machine of its own, before it approves."""
    return json.loads(party.run(world.ward, "keep", "measure", manifest, "--agent", world.programs["ward-keep"],
                                "--json"))


def agree(world: World) -> None:
    """agree: the operator proposes a manifest, and each owner measures it without the operator."""
    operator = world["operator"]
    text = write_manifest(world, "breast-cancer")
    operator.write("manifest.toml", text)
    operator.write("vendor-only.toml", text.replace('name = "breast-cancer"', 'name = "breast-cancer-trial"', 1))
    approved = world.publish("manifest.toml", operator.read("manifest.toml"))
    trial = world.publish("vendor-only.toml", operator.read("vendor-only.toml"))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        by_hospital = pool.submit(measure, world, world["hospital"], approved)
        by_vendor = pool.submit(measure, world, world["vendor"], approved)
        both = [by_hospital.result(), by_vendor.result()]
    if both[0] != both[1]:
        raise ValueError("the owners measured different workloads in one manifest")
    world.workload = str(both[0]["workload"])
    world.runtime = str(both[0]["launch_measurement"]["soft-sgx"])
    world.vendor_only_workload = str(measure(world, world["vendor"], trial)["workload"])


def set_policies(world: World) -> None:
    """set_policies: what evidence is good says the verifier's owner; who gets what says each owner."""
    evidence = {"schema": "ward.evidence-policy/1", "name": "demo", "runtimes": [world.runtime],
                "accepted_tcb": ["UpToDate"], "allow_debug": False, "allow_development": True}
    world["trust"].write("evidence.json", json.dumps(evidence, indent=1))
    world.administer("trust", "policy", "set", "evidence.json", "--for", "evidence")
    for owner in ("hospital", "vendor"):
        workloads = [world.workload] + ([world.vendor_only_workload] if owner == "vendor" else [])
        mine = [resource.split("/", 1)[1] for resource in RESOURCES.values() if resource.startswith(owner)]
        rule = {"resources": mine, "workloads": workloads, "runtimes": [world.runtime],
                "accepted_tcb": ["UpToDate"], "allow_debug": False, "allow_development": True}
        policy = {"schema": "ward.results-policy/1", "releases": [rule]}
        world[owner].write("policy.json", json.dumps(policy, indent=1))
        world.administer(owner, "policy", "set", "policy.json", "--for", "results", "--repository", owner)

