"""The demo's work folder: its own, and nobody's link.

As root the demo must not be led elsewhere by what another user laid into /tmp or /var/tmp. So the folder is made
here, or was empty and is ours; it is opened as a folder and no link, and its mode is set by that handle. Its own
entries are made by the demo alone; what belongs to a party is read and written with that party's rights (parties.py).
"""
import os
import pathlib
import stat
import tempfile

PLACE = "/var/tmp"  # not /tmp: a keep has a /tmp of its own
MODE = 0o755  # parties enter; each folder in it has an owner
WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def trusted(folder: pathlib.Path) -> None:
    """trusted raises OSError where another user may move or replace `folder` or one above it, or laid a link there."""
    for one in (folder, *folder.parents):
        status = os.lstat(one)
        if status.st_uid not in (0, os.geteuid()):
            raise OSError(f"{one}: belongs to another user, who could lead the demo elsewhere")
        if stat.S_ISLNK(status.st_mode):
            continue  # root's or ours; where it leads is looked at as well
        if not stat.S_ISDIR(status.st_mode):
            raise OSError(f"{one}: not a folder")
        if status.st_mode & WRITABLE_BY_OTHERS and not status.st_mode & stat.S_ISVTX:
            raise OSError(f"{one}: others may replace what is below it")
    if folder.resolve() != folder:
        trusted(folder.resolve())


def opened(folder: pathlib.Path) -> pathlib.Path:
    """opened looks at the folder itself, through a handle that follows no link, and lets parties enter."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if os.fstat(handle).st_uid != os.geteuid():
            raise OSError(f"{folder}: belongs to another user")
        if os.listdir(handle):
            raise OSError(f"{folder}: not empty")
        os.fchmod(handle, MODE)
    finally:
        os.close(handle)
    return folder


def make(given: pathlib.Path | None) -> pathlib.Path:
    """make returns a new or empty folder of ours. Raises OSError, and has changed nothing then."""
    if given is None:
        return opened(pathlib.Path(tempfile.mkdtemp(prefix="ward-demo-", dir=PLACE)))
    folder = pathlib.Path(os.path.abspath(given))
    if os.geteuid() == 0:
        trusted(next(one for one in folder.parents if os.path.lexists(one)))
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    return opened(folder)
