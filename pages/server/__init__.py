"""The dashboard as a server: what comes in, from whom, how much of it, and what goes out.

`app.py` puts these layers before Streamlit. They stand for themselves: whatever a page forgets, a stranger can cost the
server no more than a page does, and a rater no more than a rater needs.
"""
