"""The network: rivers, stations, places and partners, as written in `station_configs/`."""
