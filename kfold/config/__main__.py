"""`make config`: print a preset as JSON, in the form that `make cv CONFIG=<file>` reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from data.system.command import run_command


@dataclass(frozen=True)
class ConfigOptions:
    """Print a preset as JSON, to edit and to train with `make cv CONFIG=<file>`."""

    preset: str = "standard"
    """Name of the preset."""


def main(options: ConfigOptions) -> None:
    """Print the preset.

    Raises:
        UserError: there is no such preset.
    """
    import json

    from kfold.config.presets import preset_of

    print(json.dumps(asdict(preset_of(options.preset)), indent=2))


if __name__ == "__main__":
    run_command(main, ConfigOptions)
