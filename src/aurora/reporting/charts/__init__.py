"""Charts as inline SVG: bars and dots (`figures`), lines (`curves`), and their `scales`.

A chart is a function from figures to markup; it neither reads a report nor decides what is worth showing.
"""
