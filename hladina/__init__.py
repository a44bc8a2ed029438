"""The roof: command line, composition, demo. The only package that imports the rooms."""
