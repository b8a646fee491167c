"""The only folder with napari and Qt: the docks, and the shell they share."""
