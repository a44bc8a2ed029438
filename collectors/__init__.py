"""Packets and polls in: a pure decoder per source, and the three ways by which data reach us.

Bytes are decoded, looked at by `floodcore.quality`, stored in one transaction, and only then
acknowledged: a PUBACK, a moved cursor or a 2xx means "committed". Rooms never import one another.
"""
