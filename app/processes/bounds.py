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
# Of glibc's mallopt.
_M_TRIM_THRESHOLD, _M_ARENA_MAX = -1, -8
_HEAPS = 2
_RETURNED_BYTES = 128 * 1024


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


def return_memory() -> None:
    """Have this process, and those forked from it, give back what they no longer need (glibc).

    Otherwise up to sixteen threads get heaps of their own, whose gaps nobody else fills,
    and once a large block was freed the next ones are cut from heaps too. To be called before
    the first thread starts.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    mallopt(_M_ARENA_MAX, _HEAPS)
    mallopt(_M_TRIM_THRESHOLD, _RETURNED_BYTES)


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
