"""The command line."""

from bcos_core.cli.main import main
from bcos_core.cli.output import leave

if __name__ == "__main__":
    leave(main())
