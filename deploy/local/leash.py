"""Runs a program that may not outlive whoever started it, optionally as another user.

    leash.py PARENT SIGNAL NICENESS UID:GID|- PROGRAM ARGUMENT…

A script and not subprocess's preexec_fn: that hook runs Python between fork and exec, which can deadlock in a process
that has gRPC's threads, and makes subprocess fork where it would otherwise use vfork and leave gRPC undisturbed.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Steps back, changes the user, asks to be signalled at the parent's death, and becomes the program."""
    parent, death_signal, niceness, account, *argv = sys.argv[1:]
    os.nice(int(niceness))
    if account != "-":
        uid, gid = map(int, account.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # Only now: the kernel forgets the wish when the user changes. Other kernels than Linux know no such wish; there a
    # killed platform leaves its processes to the next one, which ends them (home.py).
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit("the process that asked for this one is gone")
    try:
        os.execvp(argv[0], argv)
    except OSError as error:
        sys.exit(f"{argv[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
