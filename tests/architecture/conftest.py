"""The tests share what they read from docker-compose.yml."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
