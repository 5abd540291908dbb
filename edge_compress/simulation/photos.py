"""The photos on the panels of worlds/inspection.sdf: what is cut from what. See NOTICE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Rectangle: TypeAlias = tuple[int, int, int, int]

# As the world names it: model://inspection_photos/…
FOLDER = "inspection_photos"


@dataclass(frozen=True)
class Photo:
    """A photo with one object in it, of a class that COCO has.

    Attributes:
        name: of its files.
        file: of the asset panel-photos, what it is cut from.
        crop: left, top, right, bottom in the file, pixels.
        object: left, top, right, bottom of the object in the crop, pixels.
    """

    name: str
    file: str
    crop: Rectangle
    object: Rectangle

    @property
    def files(self) -> tuple[str, str]:
        """The whole photo, and the object alone."""
        return f"{self.name}.png", f"{self.name}_object.png"


PHOTOS = (
    Photo("eagle", "eagle.jpg", (90, 30, 650, 490), (46, 47, 519, 417)),
    Photo("walker", "person.jpg", (188, 50, 330, 400), (1, 48, 87, 322)),
    Photo("giraffe", "giraffe.jpg", (130, 5, 470, 210), (37, 24, 320, 205)),
    Photo("bather", "kite.jpg", (70, 580, 200, 790), (41, 28, 97, 182)),
    Photo("horse", "person.jpg", (380, 60, 640, 400), (19, 77, 221, 287)),
    Photo("cameraman", "camera.png", (20, 40, 330, 380), (0, 23, 276, 340)),
    Photo("zebra", "giraffe.jpg", (310, 170, 480, 470), (0, 35, 115, 270)),
    Photo("wader", "kite.jpg", (180, 650, 310, 890), (29, 34, 96, 218)),
    Photo("dog", "dog.jpg", (40, 190, 430, 570), (92, 16, 284, 352)),
)
