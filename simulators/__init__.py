"""Weather, rivers, gauges and gateways that behave or misbehave on demand.

Everything here is invented or played back, and labelled so. The room imports none of the decoders it
feeds: an encoder and a decoder that share code share their mistakes.
"""
