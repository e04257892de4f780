"""`python -m consumers.cli` is `mediation`."""

from consumers.cli import main

main()
