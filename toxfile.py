"""What tox cannot find by itself: the interpreters that pyenv keeps off PATH.

They go to the end of PATH, so whatever is found without them still comes first.
"""

import os
from pathlib import Path

root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
homes = sorted(str(home) for home in root.glob("versions/3.*/bin"))
os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", ""), *homes])
