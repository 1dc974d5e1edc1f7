"""The competition's files, checked and turned into arrays. Knows nothing of training."""
