"""From a run's predictions to submission.csv, its upload to Kaggle, and its scores."""
