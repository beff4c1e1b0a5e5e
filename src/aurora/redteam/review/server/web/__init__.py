"""The pages of the review app: what stands before each request (`guards`), and one module for each kind of page.

`app` puts them together; `pages/` are the templates, which escape everything, and `static/` the scripts and styles.
"""
