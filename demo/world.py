"""The stage: folders, parties, network, trust service and machine, as every part of the story uses them."""
import dataclasses
import hashlib
import pathlib
import shutil
import subprocess

from parties import Parties, Party
from service import AdminKey, Machine, Programs, TrustService
from tell import Teller
from wire import Wire

NAMES = ("hospital", "vendor", "operator", "researcher", "trust")
PYTHON = "/usr/bin/python3"
PUBLIC_MODE = 0o755
OUTPUT = "predictions.csv"
# The workload's whole environment, in the keep and in the plain run. A keep shows no /proc/cpuinfo, by which
# PyTorch would choose among its kernels: the choice is made here, and so it is measured.
ENVIRONMENT = {"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1",
               "ATEN_CPU_CAPABILITY": "default"}
RESOURCES = {"records.csv": "hospital/key/records", "weights.pt": "vendor/key/weights", "model.py": "vendor/key/model"}


@dataclasses.dataclass(frozen=True)
class Settings:
    """Settings is what the command line chose."""

    work: pathlib.Path
    demo: pathlib.Path  # the folder of this file
    programs: pathlib.Path  # where ward, wardd, softd and ward-keep lie
    data: pathlib.Path  # the breast-cancer table
    cheats: tuple[pathlib.Path, ...]
    vectors: pathlib.Path | None  # recorded genuine evidence
    separate: bool  # root: parties are users and networks of their own


class World:
    """World is everything that lives as long as the demo. close() ends every process that it started."""

    def __init__(self, settings: Settings, tell: Teller) -> None:
        self.settings, self.tell = settings, tell
        self.programs = Programs.copy(settings.programs, settings.work / "programs")
        self.ward = self.programs["ward"]
        self.public = self._folder("public", PUBLIC_MODE)  # what everybody may know
        self.platform_folder = self._folder("platform", PUBLIC_MODE)
        self.observer = self._folder("observer", 0o700)
        self.parties = Parties(settings.work, NAMES, settings.separate)
        self.wire = Wire(settings.work / "wire")
        self.service = TrustService(self["trust"], self.programs)
        self._machines: list[Machine] = []
        self.ports: dict[str, int] = {}
        self.file_ids: dict[str, str] = {}  # of the sealed inputs
        self.workload = ""  # digest of the approved manifest
        self.vendor_only_workload = ""
        self.runtime = ""  # launch measurement of ward-keep

    def __getitem__(self, name: str) -> Party:
        return self.parties[name]

    def _folder(self, name: str, mode: int) -> pathlib.Path:
        folder = self.settings.work / name
        folder.mkdir()
        folder.chmod(mode)
        return folder

    def publish(self, file: pathlib.Path, name: str = "") -> pathlib.Path:
        """publish puts a copy where all may read it: public keys, certificates, programs of the workload."""
        target = self.public / (name or file.name)
        target.write_bytes(file.read_bytes())
        target.chmod(0o644)
        return target

    def publish_folder(self, source: pathlib.Path) -> pathlib.Path:
        """publish_folder does so with a folder and everything in it."""
        target = self.public / f"{source.parent.name}-{source.name}"
        shutil.copytree(source, target)
        return target

    def broker_url(self, party: str) -> str:
        return f"https://127.0.0.1:{self.ports[party]}"

    def administer(self, party: str, *words: object, key: str = "admin.key.pem") -> str:
        """administer runs an administration command as a party, with that party's key."""
        return self[party].run(self.ward, *words, "--server", self.broker_url(party), "--server-key",
                               self.service.server_key, "--admin", key)

    def make_platform(self) -> Machine:
        """make_platform makes a development platform; its maker's secrets stay with root."""
        folder = self.platform_folder / "machine"
        subprocess.run([self.ward, "dev", "init", folder], check=True, capture_output=True)
        return self.machine(folder)

    def machine(self, device: pathlib.Path) -> Machine:
        machine = Machine(Party("platform", self.platform_folder), self.programs, device)
        self._machines.append(machine)
        return machine

    def open_service(self, owners: list[AdminKey], maker: pathlib.Path) -> None:
        """open_service starts wardd and lays the recorded network between it and the others."""
        collateral = self["trust"].folder / "collateral"
        collateral.mkdir()
        self["trust"].own(collateral).chmod(0o755)
        for document in (maker / "collateral").iterdir():
            target = collateral / document.name
            target.write_bytes(document.read_bytes())
            self["trust"].own(target)
        self.service.configure(owners, root_spki(maker / "root.pem"), collateral)
        port = self.service.start()
        for name in NAMES:
            self.ports[name] = self.wire.join(self[name], self["trust"].network, port)
        self.publish(self.service.folder / "tls.pem", "broker.pem")

    def close(self) -> None:
        for machine in self._machines:
            machine.stop()
        self.service.stop()
        self.wire.close()
        self.parties.close()


def root_spki(pem: pathlib.Path) -> str:
    """root_spki is how wardd names a trusted root: SHA-256 of its SubjectPublicKeyInfo."""
    public = subprocess.run(["openssl", "x509", "-in", str(pem), "-pubkey", "-noout"], check=True,
                            capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=public, check=True,
                         capture_output=True).stdout
    return hashlib.sha256(der).hexdigest()
