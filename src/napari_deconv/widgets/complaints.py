"""Errors for people: one sentence what, one sentence what to do."""

from __future__ import annotations

REPORT = "Look at the details; if they do not help, please report them on the project's page."
FIELDS = {  # what the functions call by its keyword has a place in the dock
    "give spacing=(z, y, x) in micrometres (shell: --spacing)": "type the voxel size in section 1",
    "give spacing=(z, y, x) in micrometres or --spacing": "type the voxel size in section 1",
    "pass it as background=, or set them to 0 with negative='clip'": "type it as background, "
    "or choose Negative pixels: set to 0",
    "or ignore them with mask=": "or ignore them with a mask layer",
    "pass boundary='extended', which can be restored in tiles": "choose Edges: estimate what is beyond (it can be "
    "restored in tiles)",
    "pass 'extended', which is better": "choose Edges: estimate what is beyond",
    "(max_iter)": "(see Stopping in detail: At most)",
    "(offset= or read_noise= says better)": "(type the offset or the read noise of the camera, if you know them)",
    "pass light='stored'": "choose Light: as stored, or set the background to 0",
    "backend='numpy' always works": "choose Compute on: CPU",
    "pass background=<the camera's offset>, or background=0 to clip them": "repair it as a PSF layer in section 2 of "
    "the dock Deconvolve (microscopy)",
    "lower threshold=, or give points=": "mark the beads on a Points layer and choose it",
    "points= takes positions by hand": "Else mark the beads on a Points layer and choose it",
}


def explain(kind: type[BaseException], message: str) -> tuple[str, str]:
    """What happened, and what to do about it, from an error's type and message."""
    message = as_fields(message)
    what, semicolon, remedy = message.partition("; ")
    if issubclass(kind, MemoryError):
        what = f"Not enough memory: {what}" if what else "There is not enough memory"
        remedy = remedy or "crop the image or the PSF, or close other programs"
    elif not semicolon:
        known = issubclass(kind, ValueError | OSError) and what
        return _sentence(what if known else f"{kind.__name__}: {what}"), REPORT
    return _sentence(what), _sentence(remedy)


def as_fields(message: str) -> str:
    """A message of the functions, with the places in the dock that their keywords have."""
    for keyword, field in FIELDS.items():
        message = message.replace(keyword, field)
    return message


def _sentence(text: str) -> str:
    """`text` with a capital first letter and a full stop."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"
