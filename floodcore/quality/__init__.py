"""Quality control: `door` looks at one reading, `window` at a reading among its neighbours in time.

Flags, never deletes. A flagged value is stored, shown as doubtful and does not change a degree.
"""

from floodcore.quality.door import at_the_door

__all__ = ["at_the_door"]
