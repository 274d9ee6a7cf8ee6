"""The stage: folders, parties, network, trust service and machine, as every part of the story uses them."""
import contextlib
import dataclasses
import hashlib
import pathlib
import shutil
import subprocess

from asking import Asking
from parties import Parties, Party
from service import AdminKey, Machine, Programs, TrustService
from tell import Teller
from wire import Wire

# Who is who: what each has to protect or to do. The story and its report begin with this.
WHO = {"hospital": "owns the records of its patients, and shows them to nobody",
       "vendor": "owns the model, its weights and its code, and shows them to nobody",
       "operator": "owns the machine: stores, starts and delivers everything, and is trusted by nobody",
       "researcher": "owns the result: the predictions are for the researcher alone",
       "trust": "runs the broker: checks evidence, keeps the owners' keys, writes down each release"}
NAMES = tuple(WHO)
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
        self.logs = self._folder("logs", 0o700)  # what the programs said, where no party can put anything else
        self.parties = Parties(settings.work, NAMES, settings.separate)
        self.wire = Wire(settings.work / "wire")
        self.service = TrustService(self["trust"], self.programs, self.logs)
        self._machines: list[Machine] = []
        self._closing: list[Asking] = []
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

    def publish(self, name: str, octets: bytes) -> pathlib.Path:
        """publish puts a file where all may read it: public keys, certificates, programs of the workload."""
        target = self.public / name
        target.write_bytes(octets)
        target.chmod(0o644)
        return target

    def publish_file(self, file: pathlib.Path, name: str = "") -> pathlib.Path:
        """publish_file does so with a file of the demo's own, or one that its user named. None of a party's."""
        return self.publish(name or file.name, file.read_bytes())

    def publish_folder(self, source: pathlib.Path) -> pathlib.Path:
        """publish_folder does so with a folder and everything in it. None of a party's, either."""
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
        subprocess.run([self.ward, "dev", "init", folder], check=True, capture_output=True, start_new_session=True)
        return self.machine(folder)

    def asking(self, socket: pathlib.Path) -> Asking:
        """asking lets the operator's cheats have ward run, until close()."""
        self._closing.append(Asking(socket, self["operator"], self.ward))
        return self._closing[-1]

    def machine(self, device: pathlib.Path) -> Machine:
        machine = Machine(Party("platform", self.platform_folder), self.programs, device, self.logs)
        self._machines.append(machine)
        return machine

    def open_service(self, owners: list[AdminKey], maker: pathlib.Path) -> None:
        """open_service starts wardd and lays the recorded network between it and the others."""
        collateral = self["trust"].make_folder("collateral")
        for document in (maker / "collateral").iterdir():
            self["trust"].write(f"collateral/{document.name}", document.read_bytes())
        self.service.configure(owners, root_spki(maker / "root.pem"), collateral)
        port = self.service.start()
        for name in NAMES:
            self.ports[name] = self.wire.join(self[name], self["trust"].network, port)
        self.publish("broker.pem", self["trust"].read("wardd/tls.pem"))

    def close(self) -> None:
        """close ends all of it, each whatever became of the others."""
        with contextlib.ExitStack() as last_first:
            for end in (self.parties.close, self.wire.close, self.service.stop):
                last_first.callback(end)
            for machine in self._machines:
                last_first.callback(machine.stop)
            for one in self._closing:
                last_first.callback(one.close)


def root_spki(pem: pathlib.Path) -> str:
    """root_spki is how wardd names a trusted root: SHA-256 of its SubjectPublicKeyInfo."""
    public = subprocess.run(["openssl", "x509", "-in", str(pem), "-pubkey", "-noout"], check=True,
                            capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=public, check=True,
                         capture_output=True).stdout
    return hashlib.sha256(der).hexdigest()
