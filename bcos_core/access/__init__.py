"""Who may do what: roles, actions, and the one table that joins them. `bcos_core.storage.audit` asks it where things
are done, and writes down what was done and what was refused."""
