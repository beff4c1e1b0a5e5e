"""The text of a model: its tokenizer, the facts in the files beside it, and encoding.

`text_facts` reads starts, ends, stops, padding and the chat template, and is the only module that knows an id of a
special token. `tokenizer` learns or adopts one, `extension` teaches a published one new languages (`fertility` tells
what that gains), `encoder` encodes as fast as the machine allows, `formats` and `templates` make prompts and responses
into one text. `published` finds what lies on the hub or in a folder.
"""
