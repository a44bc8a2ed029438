"""The database, the only place where rooms meet. One module for each room that needs it.

Functions take a connection and do one thing; `async with conn.transaction()` is the unit of work.
"""
