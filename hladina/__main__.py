"""`python -m hladina`."""

import sys

from hladina.cli import main

sys.exit(main())
