"""Pictures of faces with labels and predictions drawn over them.

`face_card.py` is the picture; each other module chooses faces for one part of the page.
"""
