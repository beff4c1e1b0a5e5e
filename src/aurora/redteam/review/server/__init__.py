"""The review app: people sign in, label items and settle disagreements; what they decide goes to the log.

    keeping/ (tables, accounts, the log as rows) -> desk/ (who gets which item, and what is decided) -> web/ (pages)

`starting` opens a project's folder and serves it; it is the only module that knows of files, ports and terminals.
"""
