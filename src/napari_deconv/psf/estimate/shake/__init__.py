"""Camera shake: a kernel of any shape, found from the strong edges of one photograph."""

from .estimate import camera_shake

__all__ = ["camera_shake"]
