"""The data sets, by their section of params.yaml. Adding one is a line here."""

from packdepth import datasets
from packdepth.data.ddad import Ddad
from packdepth.data.folder import Folder
from packdepth.data.kitti import Kitti
from packdepth.data.make3d import Make3d
from packdepth.data.nyu_50k import Nyu50k
from packdepth.data.nyu_labelled import NyuLabelled
from packdepth.data.rooms_store import Rooms
from packdepth.data.source import Source

SOURCES: dict[type[datasets.ImageSize], type[Source]] = {
    datasets.RoomsData: Rooms,
    datasets.FolderData: Folder,
    datasets.NyuLabelledData: NyuLabelled,
    datasets.Nyu50kData: Nyu50k,
    datasets.Make3dData: Make3d,
    datasets.KittiData: Kitti,
    datasets.DdadData: Ddad,
}
