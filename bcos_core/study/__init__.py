"""Human-evaluation studies: who is asked about what, what they answered, and what it says."""
