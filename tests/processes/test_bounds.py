"""What a process does about itself before it works."""

import subprocess
import sys

_HEAPS = """
import ctypes, re, sys, threading
from app.processes.bounds import return_memory

if sys.argv[1] == "bounded":
    return_memory()
meeting = threading.Barrier(9)

def hold():
    held = [bytes(2_000) for _ in range(100)]
    meeting.wait()
    meeting.wait()

threads = [threading.Thread(target=hold) for _ in range(8)]
for thread in threads:
    thread.start()
meeting.wait()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
with open(sys.argv[2], "w"):
    file = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
meeting.wait()
print(len(re.findall("<heap nr=", open(sys.argv[2]).read())))
"""


def _heaps(how: str, file: str) -> int:
    asked = [sys.executable, "-c", _HEAPS, how, file]
    return int(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)


def test_threads_share_heaps_so_that_gaps_are_filled(tmp_path: object) -> None:
    file = f"{tmp_path}/heaps.xml"
    # How many there are else depends on the cores of the machine, and is more than two on any.
    assert _heaps("bounded", file) <= 2 < _heaps("as it is", file)
