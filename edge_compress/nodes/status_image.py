"""The status_image node: what all nodes say of themselves, as a picture of text.

RViz has no display of diagnostics; it shows pictures, as every other tool of operators does.
"""

from __future__ import annotations

import sys
import time

from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from edge_compress.nodes import qos
from edge_compress.nodes.distributions import steady_clock
from edge_compress.nodes.listener import reporters, subscribe
from edge_compress.nodes.messages import image_message
from edge_compress.nodes.parameters import Parameters
from edge_compress.nodes.running import run
from edge_compress.nodes.status_image_parameters import STATUS_IMAGE_PARAMETERS
from edge_compress.operators.fleet import Fleet
from edge_compress.operators.status_lines import status_lines
from edge_compress.telemetry.levels import Level
from edge_compress.vision.text_page import draw_page

# BGR.
_COLORS = {
    Level.OK: (120, 220, 120),
    Level.WARN: (60, 200, 255),
    Level.ERROR: (90, 90, 255),
    Level.STALE: (245, 140, 220),
}


class StatusImageNode(Node):
    """Draws the newest of /diagnostics, while somebody looks."""

    def __init__(self) -> None:
        """Begin to listen.

        Raises:
            ParameterError: a parameter's value is refused.
        """
        super().__init__("status_image")
        self.done = False
        self.failure = ""
        self._settings = Parameters(self, STATUS_IMAGE_PARAMETERS)
        self._fleet = Fleet(self._settings["stale_s"], self._settings["namespaces"])
        self._publisher = self.create_publisher(Image, "status_image", qos.IMAGES)
        subscribe(self, lambda statuses: self._fleet.hear(statuses, time.monotonic()))
        self.create_timer(self._settings["period_s"], self._draw, clock=steady_clock())

    def close(self) -> None:
        """Nothing is held but what rclpy frees."""

    def _draw(self) -> None:
        if not self._publisher.get_subscription_count():
            return
        picture = self._fleet.picture(time.monotonic(), reporters=reporters(self))
        lines = status_lines(picture, self._settings["lines"])
        # As high as ever, so that the letters keep their size.
        rows = [(line.text, _COLORS[line.level]) for line in lines]
        rows += [("", _COLORS[Level.OK])] * (self._settings["lines"] - len(rows))
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id="status")
        page = draw_page(rows, self._settings["width"])
        self._publisher.publish(image_message(page, "bgr8", header))


def main(args: list[str] | None = None) -> int:
    """Run the node."""
    return run("status_image", StatusImageNode, args)


if __name__ == "__main__":
    sys.exit(main())
