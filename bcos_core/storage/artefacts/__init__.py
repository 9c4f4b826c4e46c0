"""A store of artefacts that several hosts share, each with a `BCOS_HOME` on its own disk: `BCOS_STORE=URL`.

An *artefact* is a folder that a job has made for people, a trained cell, or an upload: one of the folders in one of
`Home.shared`, known by its path under the home ("models/tweets-…"), which is the same on every host. Pages, jobs and
commands go on reading folders; this package sees to it that the folders are there.

**The database is the authority on what exists.** The table `artefacts` (`table`) has a row for each, with the hash of
its content and where its objects lie. The rows of what a job made are written in the transaction in which the job
succeeds: there is never the one without the other. What was deleted or moved (the trash) keeps a row that says so, from
which the other hosts follow.

**Objects** (`objects`) lie in a folder of the store that has a new name for every put, and never change. The last one
written is the manifest (`manifest`): the names, sizes and SHA-256 of all others. A reader accepts a manifest whose own
hash is the row's, and files that are what it says; so a put that was cut off, an object that was cut or changed, and
two hosts that put the same at once harm nobody. Objects that no row names are left over, and go by `store check
--remove`. They are told from those of another database by the store's probe, which has the name of the installation: a
store with another one's is refused.

**A folder on a host** (`copies`, `shared`) is fetched beside its place and renamed when all of it agrees; one process
of a host fetches it while the others wait. It has a file `.stored` with the hash of the row that it is a copy of: a
folder without one was made here and is not put yet, or is of no row: nothing replaces it. Where it differs from the row
of its path, and no job may be making it, that is a conflict, which is said until a person has solved it. What people
say of a model (`about.json`) is no part of its content: it lies in the row, where two who change it at once are told
apart.

Who brings what: a job and a command what they name, and what that names in turn (`named`); a dashboard everything, one
after the other, in a thread of its own (`mirror`), in which it also follows what was deleted elsewhere; so do
supervisors, without fetching. Where a host was called otherwise (its `BCOS_HOME`) stands in the table `homes`, so that
paths in rows mean the same thing everywhere (`bcos_core.storage.places`).

Unfinished work and logs (`jobs/`) stay on the disk of the host that ran the job: a resume elsewhere begins anew.
Without `BCOS_STORE` nothing here reads a table, starts a thread, or is asked.
"""
