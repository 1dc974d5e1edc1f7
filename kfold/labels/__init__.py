"""What is wrong with the labels: scatter, duplicates, filled-in ones, suspects.

Functions return findings as values. The report draws them; `suspects.csv` lists corrections.
"""
