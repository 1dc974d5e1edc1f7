"""From a run's predictions to submission.csv, and to Kaggle."""
