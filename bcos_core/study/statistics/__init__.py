"""The statistics of a study, pure: tidy answers in, a `Result` out, nothing read or written.

Answers are a pandas frame with one row an answer and the columns `rater`, `item`, `condition`, `value`; raters are
crossed with items, cells may be missing. What cannot be said from the data is said to be undefined, with the reason.
"""
