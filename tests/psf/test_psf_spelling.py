"""Words for PSFs: spelled, one per channel, completed by an image's file."""

from __future__ import annotations

import numpy as np
import pytest

from napari_deconv import Recipe, psf, run
from napari_deconv.io.image import Image
from napari_deconv.psf.spelling import complete, per_channel, spell

TWO = "widefield:na=1.2,wavelength=0.461x0.61,ri=1.33"


@pytest.mark.parametrize(
    "words",
    ["motion:length=15,angle=30.5", "path:rows=0x3x5,columns=0x4x9", "widefield:na=1.2,wavelength=0.52,ri=1.33"],
)
def test_what_is_spelled_is_understood(words: str) -> None:
    assert spell(*psf.parse(words)) == words


def test_words_of_a_psf_make_it_again() -> None:
    made = psf.motion(12.25, 33)
    assert np.array_equal(psf.make(*psf.parse(spell("motion", made.info["parameters"]))).data, made.data)


def test_sizes_are_left_to_the_image() -> None:
    assert spell("gaussian", {"sigma": [1.5], "spacing": None, "shape": [9, 9]}) == "gaussian:sigma=1.5"


def test_each_wavelength_is_a_psf_of_its_own() -> None:
    first, second = per_channel(TWO)
    assert (psf.parse(first)[1]["wavelength"], psf.parse(second)[1]["wavelength"]) == (0.461, 0.61)
    assert per_channel("gaussian:sigma=1x2") == ("gaussian:sigma=1x2",)


def test_wavelengths_in_words_restore_channels_like_a_list_of_psfs() -> None:
    counts = np.random.default_rng(5).poisson(90, (2, 24, 26)).astype("float32")
    image = Image(counts, "CYX", (0.09, 0.09))
    once = run(Recipe.build(psf=TWO, num_iter=3), image)
    each = [psf.widefield((0.09, 0.09), na=1.2, wavelength=w, ri=1.33, image_shape=(24, 26)) for w in (0.461, 0.61)]
    twice = run(Recipe.build(num_iter=3), image, psf=each)
    np.testing.assert_array_equal(once.data, twice.data)
    assert len(once.metadata["napari-deconv"]["recipe"]["psf"]) == 2


def test_one_wavelength_too_many_is_refused() -> None:
    image = Image(np.ones((3, 16, 16), "float32"), "CYX", (0.09, 0.09))
    with pytest.raises(ValueError, match=r"2 PSFs were given, the image .* has 3 channels"):
        run(Recipe.build(psf=TWO), image)


def test_words_are_completed_by_the_file() -> None:
    metadata = {"na": 1.2, "ri": 1.33, "wavelengths": (0.461, 0.61)}
    words, notes = complete("widefield", metadata)
    assert psf.parse(words) == ("widefield", {"na": 1.2, "wavelength": (0.461, 0.61), "ri": 1.33})
    assert len(notes) == 3
    assert "na 1.2 of the PSF was taken from the image's file" in notes


def test_what_is_given_goes_before_the_file() -> None:
    words, notes = complete("widefield:na=1.4,ri=1.515", {"na": 1.2, "ri": 1.33, "wavelengths": (0.5,)})
    assert psf.parse(words)[1] == {"na": 1.4, "ri": 1.515, "wavelength": 0.5}
    assert len(notes) == 1


def test_a_channel_without_wavelength_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="wavelength of 1 of 2 channels"):
        complete("widefield:na=1.4", {"wavelengths": (0.5, None)})


def test_sizes_that_were_given_in_words_stay() -> None:
    sized = "shape=5x9x9,energy=0.9"
    words, _ = complete(f"widefield:{sized}", {"na": 1.2, "ri": 1.33, "wavelengths": (0.5,)})
    assert psf.parse(words)[1]["shape"] == (5, 9, 9)
    for each in per_channel(f"{TWO},{sized},spacing=0.2x0.1x0.1"):
        assert psf.parse(each)[1]["shape"] == (5, 9, 9)
        assert psf.parse(each)[1]["spacing"] == (0.2, 0.1, 0.1)


def test_complete_words_stay_as_they_are() -> None:
    assert complete("motion:length=3", {"na": 1.2}) == ("motion:length=3", [])


def test_a_number_that_nobody_gave_is_told() -> None:
    image = Image(np.ones((16, 16), "float32"), "YX", (0.09, 0.09))
    with pytest.warns(UserWarning, match=r"ri 1\.515 of the PSF was assumed"):
        run(Recipe.build(psf="widefield:na=1.2,wavelength=0.52", num_iter=1), image)
