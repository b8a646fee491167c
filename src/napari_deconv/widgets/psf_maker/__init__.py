"""The dock PSF, and the panel it shares with the dock Deconvolve."""
