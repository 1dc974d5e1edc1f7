"""A package, for its fixtures to end with its tests: they change the working directory."""
