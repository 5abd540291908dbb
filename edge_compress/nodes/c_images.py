"""Images as C structs, the form in which rcl hands out messages.

rclpy makes a Python object of such a struct, or takes a message serialized. The latter copies the
pixels three times and holds the interpreter meanwhile; here they are copied once, and stay there.
The structs are what rosidl's C generator makes of the interface files of sensor_msgs, which are the
same from Humble to Kilted; `CMessages.fits` tries whether they are.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import c_bool, c_char_p, c_int32, c_size_t, c_uint8, c_uint32, c_void_p, py_object
from functools import lru_cache
from typing import Any

from builtin_interfaces.msg import Time
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from edge_compress.nodes.raw_images import RawCompressedImage, RawImage


class _Sequence(ctypes.Structure):
    """A rosidl_runtime_c__uint8__Sequence; a rosidl_runtime_c__String looks the same."""

    _fields_ = (("data", c_void_p), ("size", c_size_t), ("capacity", c_size_t))

    def text(self) -> str:
        return (
            ctypes.string_at(self.data, self.size).decode("utf-8", "replace") if self.size else ""
        )

    def view(self, owner: Any) -> memoryview:
        """Return the bytes where they lie; they keep `owner` alive."""
        if not self.size:
            return memoryview(b"")
        array = (c_uint8 * self.size).from_address(self.data)
        array.owner = owner
        return memoryview(array).cast("B").toreadonly()


class _Header(ctypes.Structure):
    _fields_ = (("sec", c_int32), ("nanosec", c_uint32), ("frame_id", _Sequence))

    def message(self) -> Header:
        stamp = Time(sec=self.sec, nanosec=self.nanosec)
        return Header(stamp=stamp, frame_id=self.frame_id.text())


class _Image(ctypes.Structure):
    _fields_ = (
        ("header", _Header),
        ("height", c_uint32),
        ("width", c_uint32),
        ("encoding", _Sequence),
        ("is_bigendian", c_uint8),
        ("step", c_uint32),
        ("data", _Sequence),
    )

    def read(self, owner: Any) -> RawImage:
        return RawImage(
            self.header.message(),
            self.height,
            self.width,
            self.encoding.text(),
            self.is_bigendian,
            self.step,
            self.data.view(owner),
        )


class _CompressedImage(ctypes.Structure):
    _fields_ = (("header", _Header), ("format", _Sequence), ("data", _Sequence))

    def read(self, owner: Any) -> RawCompressedImage:
        return RawCompressedImage(self.header.message(), self.format.text(), self.data.view(owner))


class CMessage:
    """One message, freed when nobody refers to it or to its pixels any more."""

    def __init__(self, messages: CMessages) -> None:
        """Make an empty one."""
        self._messages = messages
        self.address = messages.create()

    def read(self) -> RawImage | RawCompressedImage:
        """Return its fields; the pixels stay where they are."""
        struct = self._messages.struct.from_address(self.address)
        read: RawImage | RawCompressedImage = struct.read(self)
        return read

    def __del__(self) -> None:
        self._messages.destroy(self.address)


class CMessages:
    """Makes and frees the messages of one type.

    Attributes:
        struct: their layout.
        create: makes an empty one and returns its address.
        destroy: frees the one at an address.
    """

    def __init__(self, message_type: type[Image] | type[CompressedImage]) -> None:
        """Find what rosidl's Python generator has left for rclpy to call."""
        generated: Any = type(message_type)
        if generated._CREATE_ROS_MESSAGE is None:
            generated.__import_type_support__()
        self._type = message_type
        self.struct: Any = _Image if message_type is Image else _CompressedImage
        self.create: Callable[[], int] = _function(
            generated._CREATE_ROS_MESSAGE, ctypes.PYFUNCTYPE(c_void_p)
        )
        self.destroy: Callable[[int], None] = _function(
            generated._DESTROY_ROS_MESSAGE, ctypes.PYFUNCTYPE(None, c_void_p)
        )
        self._fill: Callable[[Any, int], bool] = _function(
            generated._CONVERT_FROM_PY, ctypes.PYFUNCTYPE(c_bool, py_object, c_void_p)
        )

    def fits(self) -> bool:
        """Whether a message that rclpy has filled in reads as it should."""
        header = Header(stamp=Time(sec=-2, nanosec=3), frame_id="camera")
        if self._type is Image:
            known: Any = Image(header=header, height=5, width=7, encoding="mono8", step=11)
            known.is_bigendian = 1
        else:
            known = CompressedImage(header=header, format="jpeg")
        known.data = b"\x0d\x11\x13"
        message = CMessage(self)
        if not self._fill(known, message.address):
            return False
        struct = self.struct.from_address(message.address)
        # Lengths first: to follow a pointer that is none would end the process.
        sequences = {"frame_id": struct.header.frame_id}
        sequences |= {n: getattr(struct, n) for n, kind in struct._fields_ if kind is _Sequence}
        for name, sequence in sequences.items():
            size = len(header.frame_id if name == "frame_id" else getattr(known, name))
            if sequence.size != size or sequence.capacity not in (size, size + 1):
                return False
        read: Any = message.read()
        return bytes(read.data) == bytes(known.data) and all(
            getattr(read, n) == getattr(known, n) for n, _ in struct._fields_ if n != "data"
        )


@lru_cache(maxsize=2)
def c_messages(message_type: type[Image] | type[CompressedImage]) -> CMessages | None:
    """Return what makes messages of this type; None where they are laid out in another way."""
    try:
        messages = CMessages(message_type)
    except (AttributeError, ValueError):  # another generator than rosidl's
        return None
    return messages if messages.fits() else None


def _function(capsule: Any, prototype: Any) -> Any:
    """Return the C function that a PyCapsule holds."""
    name, pointer = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    name.argtypes, name.restype = (py_object,), c_char_p
    pointer.argtypes, pointer.restype = (py_object, c_char_p), c_void_p
    return prototype(pointer(capsule, name(capsule)))
