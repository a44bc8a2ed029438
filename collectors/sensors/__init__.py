"""Payload decoders, one module for each kind of sensor, each ending in its `SENSOR`; docs/sources/sensors.md."""
