"""Pictures and their files."""

from .door import read, write
from .files import write_text, write_whole
from .image import Image

__all__ = ["Image", "read", "write", "write_text", "write_whole"]
