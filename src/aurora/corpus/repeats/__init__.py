"""repeats"""
