"""The root of every error that a user can mend."""


class EdgeCompressError(Exception):
    """Bad input: the message names the file, key or topic, what was wrong, and what to do.

    The command line prints the message alone and exits with 2; a node logs it and reports it in
    diagnostics. Anything else that is raised is a fault of ours and keeps its traceback.
    """
