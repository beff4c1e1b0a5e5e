"""The page's sections, each made from the report alone."""
