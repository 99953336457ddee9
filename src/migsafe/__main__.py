"""``python -m migsafe`` is the `migsafe` command."""

from migsafe.cli import main

main()
