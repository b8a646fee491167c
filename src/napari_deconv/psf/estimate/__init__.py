"""Blurs found in the image itself, each with how sure it is."""

from .defocus import defocus
from .gaussian import gaussian
from .microscope import microscope
from .motion import motion
from .refine import refine
from .shake import camera_shake
from .type import Estimate

__all__ = ["Estimate", "camera_shake", "defocus", "gaussian", "microscope", "motion", "refine"]
