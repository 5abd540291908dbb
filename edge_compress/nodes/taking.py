"""Takes a subscription's messages out of the middleware, without its executor."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import byref, c_int, c_int64, c_uint8, c_uint64, c_void_p
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage

from edge_compress.nodes import distributions
from edge_compress.nodes.c_images import CMessage, CMessages, c_messages
from edge_compress.nodes.raw_images import (
    RawCompressedImage,
    RawImage,
    read_compressed_image,
    read_image,
)
from edge_compress.vision.encodings import EncodingError

# Of rcl/types.h.
_RET_OK, _RET_SUBSCRIPTION_TAKE_FAILED = 0, 401


@dataclass(frozen=True)
class Taken:
    """A message, not read yet.

    Attributes:
        read: returns its fields; raises EncodingError when it cannot be read.
        number: its publisher's gid, and the number that the publisher gave it; None where that is
            not told, as by a middleware that numbers nothing.
    """

    read: Callable[[], RawImage | RawCompressedImage]
    number: tuple[bytes, int] | None


class Taker(Protocol):
    """Takes the messages of one subscription."""

    def take(self) -> Taken | None:
        """Return the next one; None when there is none that the middleware can read.

        Raises:
            RuntimeError: rcl failed.
        """
        ...


def taker(subscription: Subscription[Any]) -> Taker:
    """Return the fastest way to take images, or compressed ones, from a subscription."""
    message_type: Any = subscription.msg_type
    messages = c_messages(message_type)
    rcl = _rcl()
    if messages is None or rcl is None:
        return RclpyTaker(subscription)
    return RclTaker(subscription, messages, rcl)


class RclTaker:
    """Has rcl write a message into a C struct.

    The interpreter is free meanwhile, and the pixels are copied once. But a message that is cut
    short is gone then, as if there had been none. So after nothing came the next one is taken
    serialized, and so on until one can be read.
    """

    def __init__(self, subscription: Subscription[Any], messages: CMessages, rcl: Any) -> None:
        """Take from a subscription with rcl's own function."""
        self._subscription = subscription
        self._messages = messages
        self._take = rcl.rcl_take
        self._info = _Info()
        self._serialized = RclpyTaker(subscription)
        self._careful = False

    def take(self) -> Taken | None:
        """Return the next message; see `Taker`."""
        if self._careful:
            taken = self._serialized.take()
            self._careful = taken is None or not _readable(taken)
        else:
            taken = self._take_struct()
            self._careful = taken is None
        return taken

    def _take_struct(self) -> Taken | None:
        message, info = CMessage(self._messages), self._info
        code = self._take(self._subscription.handle.pointer, message.address, byref(info), None)
        if code == _RET_SUBSCRIPTION_TAKE_FAILED:
            return None
        if code != _RET_OK:
            raise RuntimeError(f"rcl_take returned {code}")
        number = info.publication_sequence_number
        known = number != _UNNUMBERED
        return Taken(message.read, (bytes(info.publisher_gid), number) if known else None)


def _readable(taken: Taken) -> bool:
    try:
        taken.read()
    except EncodingError:
        return False
    return True


class RclpyTaker:
    """Takes messages serialized, with rclpy."""

    def __init__(self, subscription: Subscription[Any]) -> None:
        """Take from a subscription."""
        self._subscription = subscription
        self._read: Callable[[bytes], RawImage | RawCompressedImage] = (
            read_compressed_image if subscription.msg_type is CompressedImage else read_image
        )

    def take(self) -> Taken | None:
        """Return the next message; see `Taker`."""
        # It is None when there is no message, which rclpy's type does not say.
        taken: Any = self._subscription.handle.take_message(self._subscription.msg_type, True)
        if taken is None:
            return None
        serialized, info = taken
        return Taken(partial(self._read, serialized), distributions.source_sequence(info))


class _Info(ctypes.Structure):
    """A rmw_message_info_t of Humble to Kilted; Humble's publisher_gid is longer, with zeros."""

    _fields_ = (
        ("source_timestamp", c_int64),
        ("received_timestamp", c_int64),
        ("publication_sequence_number", c_uint64),
        ("reception_sequence_number", c_uint64),
        ("implementation_identifier", c_void_p),
        ("publisher_gid", c_uint8 * 16),
        ("rest", c_uint8 * 64),
    )


_UNNUMBERED = 2**64 - 1


def _rcl() -> Any:
    """Return the library that rclpy has loaded; None where it has another name."""
    try:
        rcl = ctypes.CDLL("librcl.so")
    except OSError:
        return None
    rcl.rcl_take.argtypes = (c_void_p, c_void_p, c_void_p, c_void_p)
    rcl.rcl_take.restype = c_int
    return rcl
