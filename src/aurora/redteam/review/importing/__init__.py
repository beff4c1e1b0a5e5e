"""Items from files: JSON lines, Parquet, CSV, folders of the hub, records of Argilla and of Potato.

path -> files (which, how large) -> records (one table each) -> items
"""
