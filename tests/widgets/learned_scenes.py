"""Learned restorations in docks: pictures small enough for real networks, models of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from napari_deconv.network import models
from napari_deconv.widgets.deconvolve import Deconvolve
from widgets.scenes import spots, use_gaussian


def own_model(name: str = "mine", blind: bool = True) -> models.Model:
    """A model of the user's own: the shipped networks under another name, for pictures without a PSF too."""
    shipped = models.find()
    files = {job: shipped.folder / shipped.files[job][0] for job in ("grey", "colour")}
    return models.register(name, {**files, **({f"blind-{job}": path for job, path in files.items()} if blind else {})})


def without_blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if no model of the package could restore without a PSF."""
    found = models.find()
    plain = models.Model(found.name, found.folder, {job: found.files[job] for job in ("grey", "colour")})
    monkeypatch.setattr(models, "_shipped", lambda: {found.name: plain})


def none_at_all(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the list of models were damaged."""
    monkeypatch.setenv(models.HOME, str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / models.LIST).write_text("{")


def ready(dock: Deconvolve, *shape: int, steps: int = 3, **more: Any) -> Any:
    """Spots under a Gaussian of 1.4 pixels, method Learned."""
    layer = dock.viewer.add_image(spots(*shape or (48, 56)), **{"name": "spots", **more})
    use_gaussian(dock, "1.4", "1")
    dock.method.put({"method": "learned", "num_iter": steps})
    return layer
