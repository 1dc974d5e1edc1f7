"""The examples of the READMEs are files that work."""

import re
from pathlib import Path

import pytest

from kfold.custom.load import load
from kfold.custom.resolve import with_code
from kfold.training.trial_step import try_recipe
from tests.kfold.custom.idea import code_file

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("readme", ["README.md", "kfold/custom/README.md"])
def test_an_example_can_be_trained(readme):
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / readme).read_text(), re.DOTALL)
    code = code_file(example)
    for name, recipe in load(code).models.items():
        try_recipe(with_code(recipe, code, name))
