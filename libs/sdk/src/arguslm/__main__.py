"""`python -m arguslm`"""

from arguslm.cli.main import main

main()
