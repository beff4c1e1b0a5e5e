"""The formats that sources are packed in: compressed files, member by member, and archives of the web."""
