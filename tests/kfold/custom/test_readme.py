"""The examples of the READMEs are files that work."""

import re
from pathlib import Path

import pytest

from kfold.custom.load import load
from kfold.custom.resolve import with_code
from kfold.training.trial_step import try_recipe
from tests.kfold.custom.idea import code_file

ROOT = Path(__file__).parents[3]


EXAMPLES = [
    example
    for readme in ("README.md", "kfold/custom/README.md")
    for example in re.findall(r"```python\n(.*?)```", (ROOT / readme).read_text(), re.DOTALL)
]


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_can_be_trained(example):
    code = code_file(example)
    assert len(code.lines) < 50
    for name, recipe in load(code).models.items():
        try_recipe(with_code(recipe, code, name))
