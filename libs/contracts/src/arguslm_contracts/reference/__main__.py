"""Write the generated parts of `docs/`, from the repository's root.

python -m arguslm_contracts.reference           write
python -m arguslm_contracts.reference --check   exit 1 where something is stale
"""

import sys
from pathlib import Path

from arguslm_contracts.reference.markers import write_files, write_pages

if __name__ == "__main__":
    check = "--check" in sys.argv[1:]
    docs = Path("docs")
    stale = write_pages(docs, check=check) + write_files(docs, check=check)
    for path in stale:
        sys.stdout.write(f"{path} {'is stale: run `just docs`' if check else 'written'}\n")
    sys.exit(1 if check and stale else 0)
