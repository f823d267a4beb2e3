"""The one entry: makes .venv beside this file, installs what the command needs, and hands the command over.

Standard library only, and this short because Python compiles the script it is given anew at every start; the
rest is in bootstrap/.
"""

import sys

from bootstrap.handover import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
