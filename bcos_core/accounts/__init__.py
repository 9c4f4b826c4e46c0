"""Who may come in where a dashboard is a team's: accounts, their passwords or identities, sessions, and how often one
may guess."""
