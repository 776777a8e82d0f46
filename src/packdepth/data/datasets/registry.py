"""The data sets, by their section of params.yaml. Adding one is a line here."""

from packdepth.config import datasets
from packdepth.data.datasets.base import Source
from packdepth.data.datasets.ddad import Ddad
from packdepth.data.datasets.folder import Folder
from packdepth.data.datasets.kitti import Kitti
from packdepth.data.datasets.make3d import Make3d
from packdepth.data.datasets.nyu_50k import Nyu50k
from packdepth.data.datasets.nyu_labelled import NyuLabelled
from packdepth.data.datasets.rooms import Rooms

SOURCES: dict[type[datasets.ImageSize], type[Source]] = {
    datasets.RoomsData: Rooms,
    datasets.FolderData: Folder,
    datasets.NyuLabelledData: NyuLabelled,
    datasets.Nyu50kData: Nyu50k,
    datasets.Make3dData: Make3d,
    datasets.KittiData: Kitti,
    datasets.DdadData: Ddad,
}
