"""Reaching for what is not given. Standard library only: it runs in the image.

An act that is refused prints ``refused``; one that works prints ``WORKED``, which the test looks for.
"""

import ctypes
import os
import socket
import stat
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .answers import CLASSES, INPUT, MANIFEST, OUTPUT, answer, answer_classes, find_masks, read_entries, write

SENTINEL = Path(os.environ.get("SENTINEL", "/nowhere"))
"""A folder of the host beside the run, with ``truth.json`` in it."""
_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
_MS_REMOUNT, _MS_BIND = 32, 4096


def attempt(what: str, act: Callable[..., object], *values: object) -> None:
    """Try something that must not work."""
    try:
        found = act(*values)
    except OSError as error:
        print(what, "refused:", error.strerror or type(error).__name__)
    else:
        print(what, "WORKED", found)


def call_kernel(name: str, *values: object) -> None:
    """Call a function of the C library.

    Raises:
        OSError: the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*values) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def symlink_to_host() -> None:
    """Write through links to the host, and leave links to its references as answers."""
    for number, mask in enumerate(find_masks()):
        mask.parent.mkdir(parents=True, exist_ok=True)
        mask.symlink_to(SENTINEL / "references" / mask.relative_to(OUTPUT) if number == 0 else "/etc/passwd")
    CLASSES.symlink_to(SENTINEL / "truth.json")
    (OUTPUT / "host").symlink_to("/")
    (OUTPUT / "sentinel").symlink_to(SENTINEL)
    (OUTPUT / "up").symlink_to("../../..")
    attempt("write through a link", lambda: (OUTPUT / "sentinel" / "new").write_text("x"))
    attempt("write through /", lambda: (OUTPUT / "host" / "new").write_text("x"))
    attempt("write upwards", lambda: (OUTPUT / "up" / "new").write_text("x"))
    attempt("write through a mask", lambda: find_masks()[0].write_bytes(b"x"))


def linked_folder() -> None:
    """Leave a folder of masks that is a link to the host's references."""
    answer_classes()
    top = read_entries("segmentation")[0].split("/")[0]
    (OUTPUT / top).symlink_to(SENTINEL / "references" / top)


def writes_input() -> None:
    """Change what is asked."""
    for file in (INPUT / read_entries("segmentation")[0], MANIFEST):
        attempt("write", file.write_bytes, b"x")
        attempt("remove", file.unlink)
        attempt("rights", file.chmod, 0o777)
        attempt("date", os.utime, file, (0, 0))
    attempt("add", lambda: (INPUT / "new").write_text("x"))
    answer()


def tries_network() -> None:
    """Send the images away."""
    attempt("address", socket.create_connection, ("1.1.1.1", 53), 3)
    attempt("metadata", socket.create_connection, ("169.254.169.254", 80), 3)
    attempt("gateway", socket.create_connection, ("172.17.0.1", 22), 3)
    attempt("name", socket.getaddrinfo, "example.org", 443)
    attempt("datagram", socket.socket(type=socket.SOCK_DGRAM).sendto, b"x", ("8.8.8.8", 53))
    attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
    attempt("packets", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
    attempt("IPv6", socket.create_connection, ("2606:4700:4700::1111", 53), 3)
    print("interfaces", sorted(name for _, name in socket.if_nameindex() if name == "lo" or "eth" in name))
    answer()


def reads_references() -> None:
    """Look for the answers everywhere."""
    attempt("by the host's path", (SENTINEL / "truth.json").read_text)
    attempt("beside the input", (INPUT / ".." / "truth.json").read_text)
    attempt("beside the output", (OUTPUT / ".." / "truth.json").read_text)
    attempt("through the first process", Path(f"/proc/1/root{SENTINEL}/truth.json").read_text)
    found = []
    for place, folders, files in os.walk("/"):
        if place == "/":
            folders[:] = [name for name in folders if name not in ("proc", "sys")]
        found += [f"{place}/{name}" for name in files if name == "truth.json"]
    print("references", "WORKED" if found else "refused:", found)
    answer()


def becomes_root() -> None:
    """Become root: by asking, through a setuid program of the image, through one left in the output."""
    attempt("setuid", os.setuid, 0)
    attempt("setgid", os.setgid, 0)
    attempt("owner", os.chown, OUTPUT, 0, 0)
    said = subprocess.run(
        ["/submission/setuid_python", "-S", "-c", "import os; print(os.geteuid(), end='')"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    print("setuid program", "WORKED" if said == "0" else "refused:", said)
    answer()
    (OUTPUT / "tool").write_bytes(b"#!/bin/sh\nid\n")
    (OUTPUT / "tool").chmod(0o6777)
    for mask in find_masks():
        mask.chmod(0o4777)


def reaches_engine() -> None:
    """Talk to whoever runs it."""
    for place in ("/var/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock"):
        attempt(place, socket.socket(socket.AF_UNIX).connect, place)
    attempt("abstract", socket.socket(socket.AF_UNIX).connect, "\0/containerd-shim/x")
    attempt("docker's port", socket.create_connection, ("127.0.0.1", 2375), 3)
    attempt("host's memory", Path("/dev/mem").read_bytes)
    attempt("host's disk", os.mknod, "/tmp/disk", stat.S_IFBLK | 0o666, os.makedev(8, 0))  # noqa: S108
    attempt("kernel setting", lambda: Path("/proc/sys/kernel/core_pattern").write_text("|/output/x"))
    attempt("kernel request", lambda: Path("/proc/sysrq-trigger").write_text("b"))
    attempt("own limits", lambda: Path("/sys/fs/cgroup/memory/memory.limit_in_bytes").write_text("-1"))
    attempt("own limits, version 2", lambda: Path("/sys/fs/cgroup/memory.max").write_text("max"))
    attempt("first process", Path("/proc/1/mem").read_bytes)
    answer()


def unshares() -> None:
    """Make mounts and name spaces of its own."""
    attempt("mount tmpfs", call_kernel, "mount", b"none", b"/tmp", b"tmpfs", 0, None)
    attempt("remount root", call_kernel, "mount", None, b"/", None, _MS_REMOUNT | _MS_BIND, None)
    attempt("unmount input", call_kernel, "umount", b"/input")
    attempt("mount name space", call_kernel, "unshare", _CLONE_NEWNS)
    attempt("network name space", call_kernel, "unshare", _CLONE_NEWNET)
    attempt("chroot", os.chroot, "/tmp")  # noqa: S108 # a folder of the container
    attempt("host name", socket.sethostname, "x")
    answer()


def makes_user_name_space() -> None:
    """Be root at least in a user name space of its own."""
    attempt("user name space", call_kernel, "unshare", _CLONE_NEWUSER)
    answer()


def special_files() -> None:
    """Leave things in the output that block or harm whoever opens them."""
    answer_classes()
    for mask in find_masks():
        mask.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(mask)
    os.mkfifo(OUTPUT / "pipe.json")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(OUTPUT / "socket"))
    for name, kind, number in (("zero", stat.S_IFCHR, (1, 5)), ("disk", stat.S_IFBLK, (8, 0))):
        attempt(name, os.mknod, OUTPUT / name, kind | 0o666, os.makedev(*number))


def fifo_for_classes() -> None:
    """Leave a pipe where JSON is read."""
    answer()
    CLASSES.unlink()
    os.mkfifo(CLASSES)


def hard_links() -> None:
    """Link files of the input and of the image into the output."""
    answer()
    for source in (INPUT / read_entries("segmentation")[0], MANIFEST, Path("/etc/passwd")):
        attempt(f"link {source}", os.link, source, OUTPUT / "link")
    with suppress(OSError):
        os.link(CLASSES, OUTPUT / "same")


def no_rights() -> None:
    """Answer, and take away every right to read it."""
    answer()
    for path in [*sorted(OUTPUT.rglob("*"), reverse=True), OUTPUT]:
        path.chmod(0)


def strange_names() -> None:
    """Answer, and leave names that are no text or drive a terminal."""
    answer()
    for name in (
        b"\xff\xfe",
        b"\x1b]0;you win\x07",
        b"a\nrank 1",
        b"\x1b[2J",
        b"-rf",
        b"x" * 255,
        b"\xe2\x80\xae",
    ):
        (OUTPUT / os.fsdecode(name)).write_bytes(b"x")
    folder = OUTPUT / os.fsdecode(b"\xed\xa0\x80")
    write(folder / "x", b"x")


DEEDS: tuple[Callable[[], None], ...] = (
    symlink_to_host,
    linked_folder,
    writes_input,
    tries_network,
    reads_references,
    becomes_root,
    reaches_engine,
    unshares,
    makes_user_name_space,
    special_files,
    fifo_for_classes,
    hard_links,
    no_rights,
    strange_names,
)
