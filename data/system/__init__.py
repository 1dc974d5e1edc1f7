"""Files written whole, folder locks, the array cache, the terminal, how commands start and fail.

Knows nothing of the competition. Every room may import it; it imports none.
"""
