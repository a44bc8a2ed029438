"""The bridge to Saxony: events become bilingual CAP messages, stored once and served byte for byte.

The way, in order: `compose` makes the words of a message from an event, `render` the bytes, `check`
reads the bytes back as a stranger would, `publish` stores them, `feeds` and `current` show what is in
force, `serve` answers partners. Reasons: docs/adr/0008.
"""
