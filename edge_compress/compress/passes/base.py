from edge_compress.compress.pass_base import *  # noqa: D100, F403
from edge_compress.compress.pass_base import Aim, Context, Pass, PassFailed, tunable  # noqa: F401
