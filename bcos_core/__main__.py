"""The command line."""

import sys

from bcos_core.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
