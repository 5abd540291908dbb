"""What differs between the rclpy of Humble and later ones, kept in this one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from rclpy.callback_groups import CallbackGroup
from rclpy.clock import Clock
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription

try:
    from rclpy.clock_type import ClockType
    from rclpy.event_handler import SubscriptionEventCallbacks, UnsupportedEventTypeError
except ImportError:  # Humble
    from rclpy.clock import ClockType  # type: ignore[attr-defined]
    from rclpy.qos_event import SubscriptionEventCallbacks, UnsupportedEventTypeError

MsgT = TypeVar("MsgT")


def steady_clock() -> Clock:
    """Return a clock that goes on while sim time stands still, and never jumps."""
    return Clock(clock_type=ClockType.STEADY_TIME)


def subscribe(
    node: Node,
    message_type: type[MsgT],
    topic: str,
    callback: Callable[[bytes, Any], None],
    qos: QoSProfile,
    on_incompatible_qos: Callable[[Any], None],
    on_message_lost: Callable[[Any], None],
    group: CallbackGroup | None = None,
) -> Subscription[MsgT]:
    """Subscribe with the middleware's events, or without the events that it lacks.

    Args:
        node: the subscriber.
        message_type: of the topic.
        topic: relative name.
        callback: called with each message, serialized, and its message info, which is empty in
            Humble.
        qos: asked for.
        on_incompatible_qos: called when a publisher offers less than is asked for.
        on_message_lost: called when frames were lost in transport.
        group: of the callbacks; None for the node's own.
    """
    # Humble's callbacks take the message alone. rclpy types them for messages that are not raw.
    with_info = hasattr(Subscription, "CallbackType")
    serialized: Any = callback if with_info else lambda message: callback(message, {})
    settings: dict[str, Any] = {"raw": True, "callback_group": group}
    wanted: dict[str, Any] = {
        "incompatible_qos": on_incompatible_qos,
        "message_lost": on_message_lost,
    }
    while wanted:
        try:
            events = SubscriptionEventCallbacks(**wanted)
            return node.create_subscription(
                message_type, topic, serialized, qos, event_callbacks=events, **settings
            )
        except UnsupportedEventTypeError:
            # message_lost is the one that middlewares lack; without both there is still the topic.
            wanted.popitem()
    return node.create_subscription(message_type, topic, serialized, qos, **settings)


def source_sequence(info: Any) -> tuple[bytes, int] | None:
    """Return a message's publisher, by its gid, and the number that the publisher gave it.

    None before Kilted, and with middlewares that number nothing.
    """
    number = info.get("publication_sequence_number")
    gid = info.get("publisher_gid")
    return None if number is None or gid is None else (bytes(gid["data"]), int(number))
