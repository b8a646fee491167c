"""The camera: what its counts mean, how to find out from an image, and which pixels not to believe."""

from __future__ import annotations

from .bad_pixels import saturated, saturation_level
from .estimating import CameraEstimate, estimate
from .hot_pixels import hot_pixels
from .type import Camera

__all__ = ["Camera", "CameraEstimate", "estimate", "hot_pixels", "saturated", "saturation_level"]
