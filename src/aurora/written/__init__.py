"""Files that people write: YAML within limits (`yaml_nodes`), read into types (`data_files`), with everything that is
wrong with them (`mistakes`, in the words of `complaints`).

One decision: recipes, policies and files of languages are read by the same code, so all of them tell all mistakes at
once.
"""
