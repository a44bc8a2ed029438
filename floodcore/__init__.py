"""The floor of the house: words, units, network, quality, texts, settings, supervision and the store.

Imports no room. Every room may import it; rooms meet one another only in the database,
through the functions of `floodcore.store`.
"""
