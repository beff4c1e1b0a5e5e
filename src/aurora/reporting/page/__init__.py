"""What every page is made of: markup as values, components, the frame, and a browser to look at it.

`markup` escapes everything; `components` are sections, tables, figures and folded parts; `frame` makes one
self-contained document that fetches nothing; `browser` takes its picture with a headless Chromium.
"""
