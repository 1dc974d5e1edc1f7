"""One script of the page's modules: a page that is opened from disk cannot import others."""

from __future__ import annotations

import re
from pathlib import Path

SCRIPTS = Path(__file__).parent / "page" / "scripts"

_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:const|class|function) (\w+))", re.MULTILINE)


def bundled_scripts(folder: Path = SCRIPTS, main: str = "main") -> str:
    """The module `main` behind all that it imports, each in a scope of its own.

    Understands `import {...} from "./module.js";` and `export` before const, class and function.
    """
    scopes: dict[str, str] = {}

    def add(name: str) -> None:
        text = (folder / f"{name}.js").read_text(encoding="utf-8")
        for _, imported in _IMPORT.findall(text):
            if imported not in scopes:
                add(imported)
        scopes[name] = _scope(name, text)

    add(main)
    return "\n".join(scopes.values())


def _scope(name: str, text: str) -> str:
    """A module as an object of what it exports."""
    exports = ", ".join(exported for _, exported in _EXPORT.findall(text))
    body = _EXPORT.sub(r"\1", _IMPORT.sub(r"const \1 = module_\2;", text))
    return f"// {name}.js\nconst module_{name} = (() => {{\n{body}return {{ {exports} }};\n}})();\n"
