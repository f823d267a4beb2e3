"""A lock on an open file, which the operating system drops with its last holder, however that ends."""

import sys

if sys.platform == "win32":
    import msvcrt
    import os

    def try_lock(descriptor: int, place: int = 0) -> bool:
        """Lock the file, on Windows its byte at `place`; False if somebody holds it. Raises OSError."""
        os.lseek(descriptor, place, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def try_lock(descriptor: int, place: int = 0) -> bool:
        """Lock the file, on Windows its byte at `place`; False if somebody holds it. Raises OSError."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
