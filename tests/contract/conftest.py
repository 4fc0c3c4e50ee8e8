"""The examples of the contracts' own tests serve here too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "libs" / "contracts" / "tests"))
