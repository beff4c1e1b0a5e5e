"""contamination"""
