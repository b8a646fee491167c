"""What OME-XML says about a picture, read as untrusted text."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from .files import shown
from .guard import Refusal
from .optics import Optics, deep, optics, tag
from .units import micrometres

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


@dataclass(frozen=True)
class OmeImage:
    """One Image element.

    Parameters
    ----------
    name : str
        Its name, may be empty.
    planes : int
        Pages that its sizes Z, C and T ask for.
    sizes : str
        Those sizes in words.
    pixel_size : mapping
        Micrometres per sample for the axes among Z, Y, X that have a usable PhysicalSize.
    channels : tuple of str
        Names ("" unknown), one per channel.
    optics : Optics
        The microscope.
    values : mapping
        The key-value annotations of the document.
    notes : tuple of str
        What was found and not used.
    """

    name: str
    planes: int
    sizes: str
    pixel_size: dict[str, float]
    channels: tuple[str, ...]
    optics: Optics
    values: dict[str, str]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Ome:
    """One OME-XML document: its images that have pixels, and the other files it names, with the planes in each."""

    images: tuple[OmeImage, ...] = ()
    companions: dict[str, int] = field(default_factory=dict)
    binary_only: str = ""


def parse(xml: str, own_name: str) -> Ome:
    """The document in `xml`, which was found in a file called `own_name`.

    Raises
    ------
    ValueError
        If it is no OME-XML, or has a document type or entities (which could name other files, or grow without end).
    """
    try:
        root = fromstring(xml.lstrip("\ufeff"), forbid_dtd=True)
    except DefusedXmlException as error:
        raise ValueError("it has a document type or entities, which are never followed") from error
    except Exception as error:  # expat has kinds of its own
        raise ValueError(f"{type(error).__name__}: {str(error)[:100]}") from error
    if tag(root) != "OME":
        raise ValueError(f"it starts with {tag(root)[:40]!r} instead of OME")
    binary_only = next((e.get("MetadataFile", "another file") for e in root if tag(e) == "BinaryOnly"), "")
    images = tuple(_image(root, e) for e in root if tag(e) == "Image" and next(deep(e, "TiffData"), None) is not None)
    return Ome(images, _companions(root, own_name), binary_only)


def check_companions(companions: dict[str, int], folder: Path, planes: int) -> int:
    """Bytes in the files that a set of OME-TIFF files names beside this one.

    Raises
    ------
    Refusal
        If one is not there, or not in `folder`.
    """
    total = 0
    for name, count in companions.items():
        file = folder / name
        outside = "/" in name or "\\" in name or name in ("", ".", "..") or file.resolve().parent != folder
        if outside:
            raise Refusal(
                f"it says that some of its planes are in {name[:80]!r}, outside its own folder, which is not followed; "
                "put the files of the set into one folder and save the set anew"
            )
        if not file.is_file():
            raise Refusal(
                f"{count or 'some'} of {planes} planes are in {shown(name)}, which is not there; put it into the same "
                "folder, or give this file the name it had when it was written"
            )
        total += file.stat().st_size
    return total


def _image(root: Element, image: Element) -> OmeImage:
    """Everything about one Image element."""
    pixels = next(deep(image, "Pixels"))
    notes: list[str] = []
    size = {a: _count(pixels, f"Size{a}") for a in "XYZCT"}
    channels = list(deep(pixels, "Channel"))
    samples = int(channels[0].get("SamplesPerPixel", "1")) if channels else 1
    return OmeImage(
        name=image.get("Name", ""),
        planes=math.prod(size[a] for a in "ZCT") // max(samples, 1),
        sizes=", ".join(f"Size{a} {size[a]}" for a in "TCZYX"),
        pixel_size=_pixel_size(pixels, notes),
        channels=tuple(c.get("Name", "") for c in channels),
        optics=optics(root, image, channels, notes),
        values=_values(root),
        notes=tuple(notes),
    )


def _count(pixels: Element, name: str) -> int:
    """A size attribute."""
    text = pixels.get(name, "")
    if not text.isdigit() or int(text) < 1:
        raise ValueError(f"{name} is {text[:40]!r}, expected a whole number from 1")
    return int(text)


def _pixel_size(pixels: Element, notes: list[str]) -> dict[str, float]:
    """PhysicalSize of each axis that has a usable one."""
    found: dict[str, float] = {}
    for axis in "ZYX":
        name = f"PhysicalSize{axis}"
        value = pixels.get(name)
        if value is None:
            continue
        try:
            found[axis] = micrometres(value, pixels.get(name + "Unit", "µm"))
        except ValueError as error:
            notes.append(f"{name} was ignored ({error}).")
    return found


def _companions(root: Element, own_name: str) -> dict[str, int]:
    """Names of the other files that hold planes, with how many (0: all of theirs)."""
    found: dict[str, int] = {}
    for data in deep(root, "TiffData"):
        uuid = next(deep(data, "UUID"), None)
        name = uuid.get("FileName", "") if uuid is not None else ""
        if uuid is None or uuid.text == root.get("UUID") or name.lower() == own_name.lower():
            continue
        count = data.get("PlaneCount", data.get("NumPlanes", "1" if "IFD" in data.attrib else "0"))
        found[name] = found.get(name, 0) + (int(count) if count.isdigit() else 0)
    return found


def _values(root: Element) -> dict[str, str]:
    """All key-value annotations."""
    return {m.get("K", ""): m.text or "" for a in deep(root, "MapAnnotation") for m in deep(a, "M")}
