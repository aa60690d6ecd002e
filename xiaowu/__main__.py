"""`python -m xiaowu`."""

from xiaowu.cli import main

main()
