"""The competition's files: fetched, checked and turned into arrays. Knows nothing of training."""
