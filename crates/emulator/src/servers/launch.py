"""Runs one emulator as a child that does not outlive its parent.

The parent holds the other end of standard input and never writes to it. However
the parent ends, SIGKILL included, the kernel closes that end; then this process
ends its whole group, and its working directory with it, which nobody else is left
to remove. (PR_SET_PDEATHSIG would follow the parent's thread, not the parent.)
"""

import importlib
import os
import shutil
import signal
import sys
import threading


def end_with_the_parent():
    os.read(0, 1)
    try:
        # The other server may have removed it already: then even its name is gone.
        shutil.rmtree(os.getcwd(), ignore_errors=True)
    finally:
        os.killpg(0, signal.SIGKILL)


threading.Thread(target=end_with_the_parent, daemon=True).start()
module, *arguments = sys.argv[1:]
sys.argv = [module, *arguments]
importlib.import_module(module).main()
