"""A user's own file: it declares networks, losses, policies, optimizers and models.

    from kfold.custom import loss, model, network, optimizer, policy

are the decorators for it. The file is run by `load.py`, tried by `kfold.training.trial_step`, and
kept as text in the recipes that use it, so that every process can run it.
"""

from kfold.custom.declare import loss, model, network, optimizer, policy

__all__ = ["loss", "model", "network", "optimizer", "policy"]
