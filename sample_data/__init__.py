"""Small pictures with their origin and the recipes that restore them; `napari_deconv.samples` opens them."""
