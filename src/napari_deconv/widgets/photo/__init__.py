"""The dock Deblur photo."""
