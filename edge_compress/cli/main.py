"""The `edge_compress` command."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType

from edge_compress import __version__
from edge_compress.cli import (
    build_engine,
    combine,
    compress,
    detect,
    doctor,
    evaluate,
    fly,
    gazebo,
    inspect,
    monitor,
    profile,
    search,
    sensitivity,
    sign,
    telemetry,
)
from edge_compress.errors import EdgeCompressError

# Each module here is light to import: what a command needs is imported when it runs, so that a
# robot without torch has all the others, and `--help` comes at once.
# The extra of the package is what brings the libraries that a command needs.
_COMMANDS: Mapping[str, tuple[ModuleType, str]] = {
    "compress": (compress, "compress"),
    "search": (search, "compress"),
    "sensitivity": (sensitivity, "compress"),
    "inspect": (inspect, "runtime"),
    "combine": (combine, "runtime"),
    "sign": (sign, "runtime"),
    "profile": (profile, "runtime"),
    "build-engine": (build_engine, "runtime"),
    "detect": (detect, "runtime"),
    "evaluate": (evaluate, "runtime"),
    "fly": (fly, "simulation"),
    "gazebo": (gazebo, "simulation"),
    "doctor": (doctor, "runtime"),
    "monitor": (monitor, "runtime"),
    "telemetry": (telemetry, "runtime"),
}

_USER_ERROR = 2
# 128 + the signal, as shells have it.
_INTERRUPTED = 130
_TERMINATED = 143

_EPILOG = """\
examples:
  edge_compress compress recipe.yaml -o small.bundle     make a model smaller and faster
  edge_compress search search.yaml -o small.bundle       find the recipe that fits a budget
  edge_compress sensitivity recipe.yaml                  what does each layer bear
  edge_compress inspect small.bundle                     what is in it, and is it whole
  edge_compress combine a.bundle b.bundle -o ab.bundle   to step down from one to the other
  edge_compress sign small.bundle --key release.pem      for robots that take nothing unsigned
  edge_compress profile small.bundle --threads 2         how fast is it on this machine
  edge_compress build-engine small.bundle                TensorRT engines, ahead of flight
  edge_compress detect small.bundle photo.jpg -o out.jpg try it on a photo, without ROS
  edge_compress detect small.bundle drive -o drive_seen  what it sees in a recorded bag
  edge_compress fly small.bundle --min-recall 0.9 -o out a simulated flight as a test
  edge_compress evaluate flight.mcap -o report           recorded detections against truth
  edge_compress doctor /camera/image_raw                 what loses frames or speed here
  edge_compress monitor                                  all nodes on the network, live
  edge_compress telemetry                                power, heat and load of this machine

`edge_compress COMMAND --help` explains each one.
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with all commands."""
    parser = argparse.ArgumentParser(
        prog="edge_compress",
        description="Make camera models small and fast for robots, and try them out.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"edge_compress {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module, _ in _COMMANDS.values():
        module.add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: the arguments; None for those of the process.

    Returns:
        The exit code: 0, 2 for a user's mistake, 130 after Ctrl-C.

    Raises:
        SystemExit: by the parser, and with 143 on SIGTERM, so that what is half written is removed.
    """
    try:
        try:
            return _run(argv)
        finally:
            sys.stdout.flush()  # at exit nobody could catch what that raises
    except BrokenPipeError:
        # The reader of a pipe has left. What is still buffered must not raise again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(argv: Sequence[str] | None) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_TERMINATED))
    # OpenCV and FFmpeg would write their own lines beside our one clear message.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    args = build_parser().parse_args(argv)
    if args.command != "compress" and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        return _fail(f"`{args.command}` does not run under torchrun; only `compress` does")
    module, extra = _COMMANDS[args.command]
    try:
        return int(module.run(args))
    except EdgeCompressError as error:
        return _fail(str(error))
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "edge_compress"):
            raise
        return _fail(
            f"`{args.command}` needs the Python package {missing}, which is not installed; run: "
            f"pip install 'edge_compress[{extra}]'"
        )
    except KeyboardInterrupt:
        print("edge_compress: interrupted", file=sys.stderr)
        return _INTERRUPTED


def _fail(message: str) -> int:
    print(f"edge_compress: error: {message}", file=sys.stderr)
    return _USER_ERROR


if __name__ == "__main__":
    sys.exit(main())
