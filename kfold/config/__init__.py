"""What to train, as frozen dataclasses that are read, checked and compared.

Presets, recipes and architectures live here, and nothing that trains. A new option is a field here
first; then the code that it changes reads it.
"""
