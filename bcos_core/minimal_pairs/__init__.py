"""Minimal pairs with a marked evidence word: does a language model prefer the right word, and for the right reason?"""
