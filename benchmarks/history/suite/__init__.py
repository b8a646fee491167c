"""Times and memory of napari-deconv from commit to commit, for asv (`benchmarks/README.md`)."""
