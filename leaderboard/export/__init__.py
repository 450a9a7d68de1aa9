"""A challenge handed to a platform: Codabench bundles and Grand Challenge evaluation containers.

`challenge` checks and lists a challenge's files, `archive` packs them, `codabench` and `grand_challenge` lay
them out as each platform wants, `programs` is the code that then runs there.
"""
