"""The command line, and what puts the programs together."""

from typing import Final

__version__: Final = "0.1.0"
