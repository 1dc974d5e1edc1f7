"""Train on Kaggle's machines: `make cv ON=kaggle`.

Here: `remote` (the order of things), `package`, `record`, `follow`, `collect`. There: `session`,
`packages`, `train`. Both: `plan`, `outputs`.
"""
