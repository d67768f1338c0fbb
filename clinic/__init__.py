"""Broken programs around normalization layers, each with its cure and its test.

The programs are written for this book; the chapter names the thread in which each
mistake was reported. ``clinic.catalog.CASES`` holds them all.
"""
