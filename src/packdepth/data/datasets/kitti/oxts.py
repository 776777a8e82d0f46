"""KITTI's GPS and inertial packets: where the car is, and how fast (Geiger et al. 2013, section 3; the devkit's
convertOxtsToPose)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from packdepth.data.datasets.archives import Tree
from packdepth.errors import InputError
from packdepth.geometry.rigid import rigid, rotation_from_vector

EARTH = 6_378_137.0  # m, the equator's radius
VALUES = 30  # in a packet


@dataclass(frozen=True)
class Packet:
    """The part of one packet that is used here. Axes of the IMU: x forward, y left, z up."""

    latitude: float  # degrees
    longitude: float
    altitude: float  # m
    angles: tuple[float, float, float]  # roll, pitch, yaw, rad
    velocity: tuple[float, float, float]  # to the east, to the north and up, m/s


def read(tree: Tree, name: str) -> Packet:
    """A packet. Raises InputError that names the file if it does not hold 30 numbers."""
    try:
        values = [float(value) for value in tree.read(name).split()]
    except ValueError:
        values = []
    if len(values) != VALUES:
        raise InputError(f"{tree}: {name}: expected {VALUES} numbers")
    latitude, longitude, altitude, roll, pitch, yaw, north, east, _, _, up, *_ = values
    return Packet(latitude, longitude, altitude, (roll, pitch, yaw), (east, north, up))


def world_from_imu(packet: Packet, latitude: float) -> Tensor:
    """Pose (4, 4) in metres, float64: x east, y north, z up, in the Mercator projection that is true at `latitude`."""
    scale = math.cos(math.radians(latitude)) * EARTH
    east = scale * math.radians(packet.longitude)
    north = scale * math.log(math.tan(math.pi / 4 + math.radians(packet.latitude) / 2))
    roll, pitch, yaw = (
        rotation_from_vector(angle * axis)
        for angle, axis in zip(packet.angles, torch.eye(3, dtype=torch.float64), strict=True)
    )
    translation = torch.tensor([east, north, packet.altitude], dtype=torch.float64)
    return rigid(yaw @ pitch @ roll, translation)
