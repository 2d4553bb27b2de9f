"""What one job's process may use, set by the process itself before it works."""

import ctypes
import resource
import signal
import struct
from dataclasses import dataclass

# Seconds of processor between the signal that ends a process and the one that kills it.
_GRACE_S = 1
_PACKED = struct.Struct("<IQQ")
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Bounds:
    """Bounds of one process: seconds of processor, bytes of address space, bytes of a file."""

    cpu_s: int
    memory_bytes: int
    file_bytes: int

    SIZE = _PACKED.size

    def packed(self) -> bytes:
        """Give the bounds as the `SIZE` bytes that `unpacked` reads."""
        return _PACKED.pack(self.cpu_s, self.memory_bytes, self.file_bytes)

    @classmethod
    def unpacked(cls, packed: bytes) -> "Bounds":
        """Read what `packed` gives."""
        return cls(*_PACKED.unpack(packed))

    def keep(self) -> None:
        """Bind this process to the bounds, as far as the system knows them."""
        for kind, soft, hard in (
            (resource.RLIMIT_CPU, self.cpu_s, self.cpu_s + _GRACE_S),
            (resource.RLIMIT_AS, self.memory_bytes, self.memory_bytes),
            (resource.RLIMIT_FSIZE, self.file_bytes, self.file_bytes),
            (resource.RLIMIT_CORE, 0, 0),
        ):
            try:
                resource.setrlimit(kind, (soft, hard))
            except (OSError, ValueError):  # not on every system; the time limit remains
                continue


def leave_network() -> None:
    """Give up the network for this process and its children, where the system allows it."""
    try:
        # A network of its own, without any way out.
        ctypes.CDLL(None).unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    except (AttributeError, OSError):
        return


def die_with_parent() -> None:
    """Have this process killed when the one that forked it is gone (Linux)."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    except (AttributeError, OSError):
        return
