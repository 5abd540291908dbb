"""How the messages of a bag are read: by the definitions in it, else by ours."""

from __future__ import annotations

from collections.abc import Iterable

from rosbags.interfaces import MessageDefinitionFormat
from rosbags.interfaces.typing import Typesdict
from rosbags.typesys import Stores, get_types_from_idl, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from edge_compress.bags.errors import BagError
from edge_compress.bags.storage import StoredTopic

# vision_msgs 4.1.1, which Humble and all later distributions have. On the wire, 3.0 to 4.0 are the
# same but for LabelInfo, which came later; there the centre of a box is a geometry_msgs/Pose2D.
VISION_MSGS = {
    "Point2D": "float64 x\nfloat64 y",
    "Pose2D": "vision_msgs/Point2D position\nfloat64 theta",
    "BoundingBox2D": "vision_msgs/Pose2D center\nfloat64 size_x\nfloat64 size_y",
    "ObjectHypothesis": "string class_id\nfloat64 score",
    "ObjectHypothesisWithPose": (
        "vision_msgs/ObjectHypothesis hypothesis\ngeometry_msgs/PoseWithCovariance pose"
    ),
    "Detection2D": (
        "std_msgs/Header header\nvision_msgs/ObjectHypothesisWithPose[] results\n"
        "vision_msgs/BoundingBox2D bbox\nstring id"
    ),
    "Detection2DArray": "std_msgs/Header header\nvision_msgs/Detection2D[] detections",
    "Classification": "std_msgs/Header header\nvision_msgs/ObjectHypothesis[] results",
    "VisionClass": "uint16 class_id\nstring class_name",
    "LabelInfo": ("std_msgs/Header header\nvision_msgs/VisionClass[] class_map\nfloat32 threshold"),
}
_IDL = "=" * 80 + "\nIDL: "
_WHY = 80  # characters of what a parser says, which repeats the definition


def our_types() -> Typestore:
    """Return the types of a ROS distribution and of vision_msgs, to write with."""
    return types_of(())


def types_of(topics: Iterable[StoredTopic]) -> Typestore:
    """Return what the messages of some topics are read with.

    Raises:
        BagError: the bag's definition of a type cannot be read.
    """
    defined: Typesdict = {}
    for topic in topics:
        try:
            defined.update(_defined(topic))
        except Exception as error:
            why = str(error).splitlines()[0][:_WHY]
            raise BagError(
                f"{topic.name}: the bag's definition of {topic.type} cannot be read ({why}); read "
                "its other topics"
            ) from error
    store = Typestore()
    store.register(defined)
    base = get_typestore(Stores.LATEST)
    ours: Typesdict = {}
    for name, text in VISION_MSGS.items():
        ours.update(get_types_from_msg(text, f"vision_msgs/msg/{name}"))
    base.register(ours)
    # Where the bag says nothing; `register` itself refuses what is defined in two ways.
    for name in base.fielddefs.keys() - defined.keys():
        store.fielddefs[name] = base.fielddefs[name]
        store.types[name] = base.types[name]
    return store


def _defined(topic: StoredTopic) -> Typesdict:
    definition = topic.definition
    if definition.format == MessageDefinitionFormat.NONE:
        return {}
    if not definition.data.startswith(_IDL):
        return get_types_from_msg(definition.data, topic.type)
    found: Typesdict = {}
    for part in definition.data.split(_IDL)[1:]:
        found.update(get_types_from_idl(part.partition("\n")[2]))
    return found
