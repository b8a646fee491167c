"""Who transforms blocks on the CPU."""

from __future__ import annotations

import sys

import pytest

from napari_deconv.engines import lines
from napari_deconv.engines.lines import VARIABLE, ducc_lines, fft_library


@pytest.fixture
def no_ducc(monkeypatch):
    """A world in which ducc0 is not installed."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setitem(sys.modules, "ducc0", None)
    ducc_lines.cache_clear()
    yield
    ducc_lines.cache_clear()


def test_scipy_is_taken_without_complaint_where_ducc0_is_not_installed(no_ducc):
    assert fft_library().startswith("scipy.fft ")


def test_ducc0_asked_for_by_name_and_not_installed_is_an_error(no_ducc):
    with pytest.raises(ImportError, match="pip install ducc0"):
        lines.lines("ducc0")


def test_ducc0_is_taken_where_it_is_installed(monkeypatch):
    pytest.importorskip("ducc0")
    monkeypatch.delenv(VARIABLE, raising=False)
    assert fft_library().startswith("ducc0 ")


def test_the_environment_decides_for_auto(monkeypatch):
    monkeypatch.setenv(VARIABLE, "scipy")
    assert fft_library().startswith("scipy.fft ")
    monkeypatch.setenv(VARIABLE, "fftw")
    with pytest.raises(ValueError, match=r"'fftw'.*known: auto, scipy, ducc0"):
        fft_library()
