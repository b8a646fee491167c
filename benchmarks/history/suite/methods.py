"""One step of every iterative method; whole calls, their seconds and their memory."""

from __future__ import annotations

from .problems import CASES, problem


class Step:
    """The next iterate."""

    params = (("richardson_lucy", "scaled_heavy_ball", "richardson_lucy_tv"), tuple(CASES))
    param_names = ("method", "case")
    timeout = 180

    def setup(self, method: str, case: str) -> None:
        from napari_deconv import solvers
        from napari_deconv.operators import Blur

        if not hasattr(solvers, method):
            raise NotImplementedError
        picture, kernel = problem(case)
        self.iterates = getattr(solvers, method)(picture, Blur(kernel, picture.shape))
        next(self.iterates)

    def time_step(self, method: str, case: str) -> None:
        next(self.iterates)


class Call:
    """The public functions, from arrays to arrays."""

    params = tuple(CASES)
    param_names = ("case",)
    timeout = 120

    def setup(self, case: str) -> None:
        self.picture, self.kernel = problem(case)

    def time_richardson_lucy_10(self, case: str) -> None:
        from napari_deconv import richardson_lucy

        richardson_lucy(self.picture, self.kernel, num_iter=10, backend="numpy")

    def peakmem_richardson_lucy_2(self, case: str) -> None:
        from napari_deconv import richardson_lucy

        richardson_lucy(self.picture, self.kernel, num_iter=2, backend="numpy")

    def time_wiener(self, case: str) -> None:
        from napari_deconv import wiener

        wiener(self.picture, self.kernel, balance=0.01, backend="numpy")

    def time_wiener_auto(self, case: str) -> None:
        from napari_deconv import wiener

        wiener(self.picture, self.kernel, backend="numpy")


def timeraw_import() -> str:
    """A fresh interpreter that imports the package."""
    return "import napari_deconv"
