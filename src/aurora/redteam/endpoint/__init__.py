"""Models behind an OpenAI-compatible endpoint: asked within limits, paid for once.

settings.py  what a file says of an endpoint   request.py  what is asked and answered, and its key
pace.py      so many a minute                  spending.py the cost, before and after
client.py    one request, tried again          asking.py   many of them, kept as they come
"""
