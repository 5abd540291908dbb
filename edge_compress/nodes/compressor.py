"""The compressor node: runs a recipe, shows its progress and announces the bundle."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from rclpy.node import Node
from std_msgs.msg import String
from std_srvs.srv import Trigger

from edge_compress.compress.progress import Cancelled
from edge_compress.errors import EdgeCompressError
from edge_compress.nodes import qos
from edge_compress.nodes.compress_progress import NodeProgress
from edge_compress.nodes.compressor_parameters import COMPRESSOR_PARAMETERS
from edge_compress.nodes.diagnostics import ERROR, OK, Reporter, status
from edge_compress.nodes.parameters import ParameterError, Parameters
from edge_compress.nodes.running import run

_PATIENCE_S = 4.0


class CompressorNode(Node):
    """Runs the recipe in a thread; a run that is stopped goes on when the node starts again."""

    def __init__(self) -> None:
        """Start the run.

        Raises:
            ParameterError: a parameter is missing or its value is refused.
        """
        super().__init__("compressor")
        self.done = False
        self.failure = ""
        self._settings = Parameters(self, COMPRESSOR_PARAMETERS)
        for name in ("recipe", "output"):
            if not self._settings[name]:
                raise ParameterError(f"`{name}` is not given: set {name}:=PATH")
        self._state = "running"
        self._bundle = self.create_publisher(String, "~/bundle", qos.LATCHED)
        self.create_service(Trigger, "~/cancel", self._cancel)
        self._progress = NodeProgress(self._say)
        self._reporter = Reporter(self, self._settings["diagnostics_period_s"], self._report)
        self._thread = threading.Thread(target=self._run, name="compress", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop at the next item; what is finished can be gone on with."""
        self._progress.cancel()
        # An export cannot be stopped half way. The state on disk is always whole, so the process
        # may end in the middle of one rather than be killed for being slow.
        self._thread.join(_PATIENCE_S)

    def _run(self) -> None:
        path = Path(self._settings["recipe"])
        try:
            # Here, since PyTorch takes seconds to import, and only this thread needs it.
            from edge_compress.compress.pipeline import run as compress
            from edge_compress.compress.recipe import load_recipe

            finished = compress(
                load_recipe(path),
                Path(self._settings["output"]),
                resume=self._settings["resume"],
                overwrite=self._settings["overwrite"],
                recipe_text=path.read_text(encoding="utf-8"),
                progress=self._progress,
            )
        except Cancelled:
            self._end("cancelled", "cancelled; start again with the same parameters to go on")
        except EdgeCompressError as error:
            self._end("failed", str(error))
        except ModuleNotFoundError as error:
            self._end("failed", f"{error.name} is missing: pip install 'edge_compress[compress]'")
        except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to
            self._end("failed", f"{type(error).__name__}: {error}")
        else:
            self._end("finished", f"the bundle is {finished.bundle}")
            self._bundle.publish(String(data=str(finished.bundle.resolve())))

    def _end(self, state: str, message: str) -> None:
        self._state = state
        if state == "failed":
            self.failure = message  # said when the process ends
        else:
            self._say(message)
        self.done = bool(self._settings["exit_when_done"]) or state == "failed"

    def _say(self, text: str) -> None:
        self.get_logger().info(text)

    def _cancel(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = self._state == "running"
        if response.success:
            self._progress.cancel()
        response.message = (
            "stops at the next step; what is finished is kept"
            if response.success
            else f"nothing to cancel: the run is {self._state}"
        )
        return response

    def _report(self) -> None:
        place = self._progress.place
        message = f"{place.what} {place.done}/{place.total}" if place.total else place.note
        values = {
            "state": self._state,
            "step": place.what or None,
            "note": place.note or None,
            "step_done": place.done,
            "step_total": place.total,
            "step_percent": 100.0 * place.done / place.total if place.total else None,
            "elapsed_s": place.seconds,
        }
        level = ERROR if self._state == "failed" else OK
        self._reporter.publish(status("run", level, message or self._state, values))


def main(args: list[str] | None = None) -> int:
    """Run the compressor."""
    return run("compressor", CompressorNode, args)


if __name__ == "__main__":
    sys.exit(main())
