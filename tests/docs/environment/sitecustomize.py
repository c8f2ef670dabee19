"""Ends each process of torchrun without Python's finalization.

After FSDP on gloo, threads of gloo outlive `destroy_process_group`, because torch 2.13 keeps references to the group. A
thread that releases its last tensor while Python finalizes aborts the process ("terminate called without an active
exception"): about once in fifty runs under load, after the script has done all its work.
"""

import atexit
import os
import sys


def _leave() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1 if hasattr(sys, "last_type") else 0)


if "LOCAL_RANK" in os.environ:
    atexit.register(_leave)
