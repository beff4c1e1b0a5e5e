"""GGUF files, the form that llama.cpp runs, as a source of weights.

`file` reads the table of a file within bounds, `blocks` turns its types into numbers, `network` and `text` say in the
hub's words what it describes, and `folder` writes that as files which the rest of Aurora reads. Nothing here needs
torch.
"""
