"""Variants of prompts that a model behind an endpoint writes: reworded, as a persona, translated, or harmless twins.

ways.py     what is asked of the model for each prompt   replies.py  the texts in its reply
translating.py  an evaluation set in another language
making.py   all of it, and what is left out              reading.py  the prompts that variants are made of
"""
