"""How much better true depth explains neighbouring frames than flat depth: python benchmarks/photometric_signal.py

The photometric loss over 64 rooms of 96x128 and both neighbours: unmoved, and through the true motion, or one turned by
a random rotation of so many degrees. Depth is the true one, every image's median everywhere, or 10 m. Only the
difference between the first two can teach a network the shape of a scene.
"""

import torch
from torch import Tensor

from packdepth.config.load import load_study
from packdepth.config.motions import MotionModel
from packdepth.data import rooms
from packdepth.data.context.trajectory import sample
from packdepth.geometry.rigid import inverse, rigid, rotation_from_vector
from packdepth.losses.photometric import PhotometricLoss

FRAMES, SIZE = 64, (96, 128)
TURNS = (0.0, 0.25, 0.5, 1.0)  # degrees


def main() -> None:
    """Print a table for every motion of study.yaml that rooms are used with."""
    study = load_study()
    loss = PhotometricLoss(**study.training.photometric.model_dump())
    for name in ("handheld", "cart"):
        model = study.motions[name]
        image, context, true, intrinsics, pose = _frames(model)
        mask = torch.ones_like(context[:, :, :1])
        unmoved = loss.unwarped_error(image, context, mask)
        print(f"{name}, {model.frequency:g} Hz: unmoved {unmoved.mean():.4f}")
        median = true.flatten(1).median(dim=1).values.view(-1, 1, 1, 1).expand_as(true)
        for degrees in TURNS:
            turned = _turns(degrees) @ pose
            said = []
            for inverse_depth in (true, median, torch.full_like(true, 0.1)):
                moved = loss.warped_error(inverse_depth, image, context, mask, intrinsics, turned)
                least = torch.minimum(moved, unmoved)
                said.append(f"{least[least.isfinite()].mean():.4f}")
            print(f"  turned by {degrees:g} degrees: true depth {said[0]}, median {said[1]}, 10 m {said[2]}")


def _frames(model: MotionModel) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Images, their neighbours, inverse depth (1/m), intrinsics and context_from_target."""
    frames = rooms.render(0, "benchmark", range(FRAMES), SIZE)
    step = 1 / model.frequency
    around = sample(model, 0, frames.id).poses((-step, step))
    context = rooms.render_neighbours(0, "benchmark", range(FRAMES), SIZE, around)
    image, context = frames.rgb.movedim(-1, -3) / 255, context.movedim(-1, -3) / 255
    return image, context, 1 / frames.depth[:, None], frames.intrinsics, inverse(around).float()


def _turns(degrees: float) -> Tensor:
    """Rotations about random axes, (N, 2, 4, 4)."""
    axis = torch.randn(FRAMES, 2, 3, generator=torch.Generator().manual_seed(0))
    vector = torch.deg2rad(torch.tensor(degrees)) * axis / axis.norm(dim=-1, keepdim=True)
    return rigid(rotation_from_vector(vector), torch.zeros_like(vector))


if __name__ == "__main__":
    main()
