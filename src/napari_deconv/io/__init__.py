"""Pictures and their files."""

from .door import ENDINGS, read, write
from .files import write_text, write_whole
from .image import Image

__all__ = ["ENDINGS", "Image", "read", "write", "write_text", "write_whole"]
